"""Prints tables on screen. No file name in them can act as markup or as a command to the terminal.

No word or name is broken: a table that is too wide for the screen is printed as lines instead.
"""

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepfake.names import shown
from deepfake.screen import from_here, wrapped

_UNDEFINED = "undefined"  # a number that does not exist, such as the AUC of one class
TOO_FEW = "too few"  # a number that would need more videos
_NUMBER = re.compile(rf"([+-]?\d[\d.,]*%?|{_UNDEFINED}|{TOO_FEW})?")


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *captions: str) -> None:
    """Print a table with right-aligned numbers of three decimals; None is an empty cell.

    A table that is wider than the screen becomes lines: one for each column if there is one row, and otherwise one for
    each row, with the longest column last. Columns in which all cells are empty are left out.

    Args:
        title: the line above the table.
        columns: heads of the columns, which may be broken between words.
        rows: rows with a cell for each column.
        captions: lines below the table with what one must know about the numbers; empty ones are left out.
    """
    grid = [list(row) for row in rows]
    used = [i for i in range(len(columns)) if not grid or any(_cell(row[i]) for row in grid)]
    heads = [shown(columns[i]) for i in used]
    cells = [[_cell(row[i]) for i in used] for row in grid]
    right = [all(_NUMBER.fullmatch(row[i]) for row in cells) for i in range(len(used))]
    console = Console()
    widths = _widths(heads, cells, console.width)
    if widths is not None:
        print_line(title)
        console.print(_framed(heads, cells, right, widths))
    elif len(cells) == 1:
        show_facts(title, dict(zip(heads, cells[0], strict=True)))
    else:
        print_line(title)
        _print_lines(heads, cells, right)
    for caption in filter(None, captions):
        print_line(caption, indent=2)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _UNDEFINED if math.isnan(value) else f"{value:.3f}"
    return shown(value)


def _widths(heads: Sequence[str], cells: Sequence[Sequence[str]], available: int) -> list[int] | None:
    """Return column widths that fit the screen, with heads on several lines if necessary; None if no widths fit."""
    least, wanted = [], []
    for i, head in enumerate(heads):
        longest = max((cell_len(row[i]) for row in cells), default=0)
        least.append(max([longest, *map(cell_len, head.split())]))
        wanted.append(max(longest, cell_len(head)))
    room = available - 3 * len(heads) - 1  # without the frame
    while sum(wanted) > room:
        spare = [want - need for want, need in zip(wanted, least, strict=True)]
        if max(spare) <= 0:
            return None
        wanted[spare.index(max(spare))] -= 1
    return wanted


def _framed(
    heads: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], widths: Sequence[int]
) -> Table:
    table = Table()
    for head, to_the_right, width in zip(heads, right, widths, strict=True):
        table.add_column(Text(head), justify="right" if to_the_right else "left", width=width, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _print_lines(heads: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    lines = [heads, *cells]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(heads))]
    last = widths.index(max(widths))
    order = [i for i in range(len(heads)) if i != last]
    for line in lines:
        padding = [" " * (widths[i] - cell_len(line[i])) for i in order]
        parts = [pad + line[i] if right[i] else line[i] + pad for i, pad in zip(order, padding, strict=True)]
        _print("  ".join([*parts, line[last]]))


def show_facts(title: str, facts: Mapping[str, object]) -> None:
    """Print facts about one thing, a line for each.

    Args:
        title: the line above them; none if it is empty.
        facts: name -> value; an empty value is left out.
    """
    lines = {shown(name): _cell(value) for name, value in facts.items() if _cell(value)}
    width = max(map(cell_len, lines), default=0)
    indent = "  " if title else ""
    if title:
        print_line(title)
    for name, value in lines.items():
        print_line(f"{indent}{name}{' ' * (width - cell_len(name))}  {value}", indent=len(indent) + width + 2)


def print_line(line: object, indent: int = 0) -> None:
    """Print a line; on a terminal it is broken between words, never within one, so that names can be copied.

    Args:
        line: the text, whose control characters are escaped.
        indent: number of spaces before every part but the first.
    """
    _print(wrapped(shown(line), sys.stdout, indent))


def _print(text: str) -> None:
    Console().print(Text(text), soft_wrap=True)


def show_metrics(metrics: Mapping[str, float], coverage: Mapping[str, Mapping[str, int]], *captions: str) -> None:
    """Print metrics, with a row for each metric and a column for each split and level.

    Args:
        metrics: `<split>/<level>/<name>` -> value.
        coverage: split -> `scored_real` and `scored_fake`, the numbers of its videos that were scored.
        captions: lines with what one must know about the data; empty ones are left out.
    """
    numbers = {tuple(key.rsplit("/", 1)): value for key, value in metrics.items()}
    levels = sorted({level for level, _ in numbers}, reverse=True)  # val before test, video before clip
    names = dict.fromkeys(name for _, name in numbers)
    digits = [num_digits(coverage.get(level.partition("/")[0], {})) for level in levels]
    rows = [
        [name, *(_rounded(numbers[level, name], count) for level, count in zip(levels, digits, strict=True))]
        for name in names
    ]
    show("metrics", ["metric", *(level.replace("/", " ") for level in levels)], rows, *captions)


def num_digits(counts: Mapping[str, int]) -> int:
    """Return how many decimals of a metric the number of videos supports.

    With 100 videos of each class the standard error of an AUC of 0.9 is 0.02 (Hanley and McNeil 1982), so of fewer the
    third decimal says nothing.

    Example:
        >>> num_digits({"scored_real": 9, "scored_fake": 8}), num_digits({"scored_real": 140, "scored_fake": 560})
        (2, 3)
    """
    return 2 if min(counts.get("scored_real", 0), counts.get("scored_fake", 0)) < 100 else 3


def _rounded(value: float, digits: int) -> str:
    return _UNDEFINED if math.isnan(value) else f"{value:.{digits}f}"


def show_paths(paths: Mapping[str, Path | str]) -> None:
    """Print names and paths, relative to the working folder and never wrapped."""
    width = max(len(name) for name in paths)
    for name, path in paths.items():
        _print(shown(f"{name:<{width}}  {from_here(path) if isinstance(path, Path) else path}"))
