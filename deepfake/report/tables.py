"""Tables on screen."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers to the right."""
    table = Table(title=title, title_justify="left")
    rows = [list(row) for row in rows]
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if all(isinstance(row[i], int | float) for row in rows) else "left")
    for row in rows:
        table.add_row(*(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row))
    Console().print(table)


def show_metrics(metrics: Mapping[str, float], split: str) -> None:
    """Print one split's metrics: a row each, a column for clips and one for videos.

    Args:
        metrics: `<split>/<level>/<name>` -> value.
        split: which of them.
    """
    names = [key.rpartition("/")[2] for key in metrics if key.startswith(f"{split}/video/")]
    rows = [
        (name, *(float(metrics.get(f"{split}/{level}/{name}", float("nan"))) for level in ("clip", "video")))
        for name in names
    ]
    show(f"{split}", ["metric", "clip", "video"], rows)


def show_paths(paths: Mapping[str, Path | str]) -> None:
    """Print names and paths, never wrapped, so that they can be copied."""
    width = max(len(name) for name in paths)
    for name, path in paths.items():
        Console().print(f"{name:<{width}}  {path}", soft_wrap=True, highlight=False)
