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
        numeric = all(isinstance(row[i], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row))
    Console().print(table)


def show_metrics(metrics: Mapping[str, float]) -> None:
    """Print metrics, a row each; a column for every split and level.

    Args:
        metrics: `<split>/<level>/<name>` -> value.
    """
    numbers = {tuple(key.rsplit("/", 1)): value for key, value in metrics.items()}
    levels = sorted({level for level, _ in numbers}, reverse=True)  # val before test, video before clip
    names = dict.fromkeys(name for _, name in numbers)
    show("metrics", ["metric", *levels], [[name, *(numbers[level, name] for level in levels)] for name in names])


def show_paths(paths: Mapping[str, Path | str]) -> None:
    """Print names and paths, never wrapped, so that they can be copied."""
    width = max(len(name) for name in paths)
    for name, path in paths.items():
        Console().print(f"{name:<{width}}  {path}", soft_wrap=True, highlight=False)
