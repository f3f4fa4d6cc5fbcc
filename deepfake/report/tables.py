"""Tables on screen. What they show is not taken for markup or for commands to a terminal, whatever a file is called."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepfake.names import shown


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> None:
    """Print a table; numbers to the right.

    Args:
        title: the line above it.
        columns: their heads.
        rows: a cell a column.
        caption: what must be known of the numbers, below the table.
    """
    rows = [list(row) for row in rows]
    right = [i for i in range(len(columns)) if all(isinstance(row[i], int | float) for row in rows)]
    table = new_table(title, columns, right, caption)
    for row in rows:
        add_row(table, [f"{value:.4f}" if isinstance(value, float) else value for value in row])
    Console().print(table)


def new_table(title: str, columns: Sequence[str], right: Iterable[int] = (), caption: str = "") -> Table:
    """A table without rows; `add_row` adds them.

    Args:
        title: the line above it.
        columns: their heads.
        right: positions of the columns that are set to the right.
        caption: below the table.
    """
    below = plain_text(caption) if caption else None
    table = Table(title=plain_text(title), title_justify="left", caption=below, caption_justify="left")
    right = set(right)
    for i, column in enumerate(columns):
        table.add_column(plain_text(column), justify="right" if i in right else "left", overflow="fold")
    return table


def add_row(table: Table, cells: Iterable[object]) -> None:
    """Add a row to a table."""
    table.add_row(*map(plain_text, cells))


def plain_text(value: object) -> Text:
    """What rich prints as it is: square brackets and colons mean nothing, control characters are shown as such."""
    return Text(shown(value))


def say(line: object) -> None:
    """Print a line, never wrapped, so that the names in it can be copied."""
    Console().print(plain_text(line), soft_wrap=True)


def show_metrics(metrics: Mapping[str, float], caption: str = "") -> None:
    """Print metrics, a row each; a column for every split and level.

    Args:
        metrics: `<split>/<level>/<name>` -> value.
        caption: what must be known of the data.
    """
    numbers = {tuple(key.rsplit("/", 1)): value for key, value in metrics.items()}
    levels = sorted({level for level, _ in numbers}, reverse=True)  # val before test, video before clip
    names = dict.fromkeys(name for _, name in numbers)
    rows = [[name, *(numbers[level, name] for level in levels)] for name in names]
    show("metrics", ["metric", *levels], rows, caption)


def show_paths(paths: Mapping[str, Path | str]) -> None:
    """Print names and paths, never wrapped."""
    width = max(len(name) for name in paths)
    for name, path in paths.items():
        say(f"{name:<{width}}  {path}")
