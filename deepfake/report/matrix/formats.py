"""The matrix as text: a tidy table, Markdown and LaTeX."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from deepfake.report.matrix.footnotes import TEXTS, merged
from deepfake.report.matrix.grid import MEAN, Column, Matrix
from deepfake.report.matrix.markup import TextTable, as_latex, as_markdown, in_latex, in_markdown, sentence_in_latex
from deepfake.report.tables import num_digits

NEAR = "≈"
LEGEND = (
    f"AUC of videos (95 % interval), ± standard deviation over seeds; the best of a column is bold, and {NEAR} is not "
    "significantly worse: paired test on the same videos, p by Holm at least 0.05"
)


class Text(NamedTuple):
    """A cell for people.

    Attributes:
        value: the number, with its deviation; `undefined`; empty where nothing was tested.
        interval: empty if it is not known.
        best: as in `Cell`.
        near: as in `Cell`.
        marks: letters of footnotes that the column's head does not have.
        note: what must be known to read the number.
        order: to sort by; None if there is no number.
    """

    value: str
    interval: str
    best: bool
    near: bool
    marks: tuple[str, ...]
    note: str
    order: float | None


def text_of(matrix: Matrix, column: Column, row: int) -> Text:
    """Return a cell as text, with the decimals that its number of videos supports."""
    cell = column.cells[row]
    if cell is None:
        return Text("", "", False, False, (), "", None)
    found = cell.estimate
    value, digits = found.value, num_digits({"scored_real": cell.num_real, "scored_fake": cell.num_fake})
    marks = tuple(mark for mark in cell.marks if mark not in column.marks)
    if math.isnan(value):
        return Text("undefined", "", False, False, marks, found.note, None)
    words = f"{value:.{digits}f}" + ("" if math.isnan(cell.sd) else f" ± {cell.sd:.{digits}f}")
    most = sum(1 for each in matrix.columns if each.corpus and each.split == column.split)
    if column.name == MEAN and cell.num_columns < most:
        words += f" ({cell.num_columns} of {most} columns)"
    elif cell.num_runs < matrix.seeds[row]:
        words += f" ({cell.num_runs} of {matrix.seeds[row]} runs)"
    ends = "" if math.isnan(found.low) else f"{found.low:.{digits}f} to {found.high:.{digits}f}"
    return Text(words, ends, cell.best, cell.near, marks, found.note, value)


def footnotes(matrix: Matrix, columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return letter and text of each footnote that is used."""
    used = merged(cell.marks for column in columns for cell in column.cells if cell)
    return [(mark, TEXTS[mark]) for mark in used]


def counts_of(column: Column) -> str:
    """Return the numbers of videos that were scored, as a range where rows differ.

    Example:
        >>> from deepfake.report.matrix.cells import Cell
        >>> counts_of(Column("a", "a", "test", "", "", [Cell(None, 1, num_real=8, num_fake=13)]))
        '8 real, 13 fake'
    """
    pairs = [(cell.num_real, cell.num_fake) for cell in column.cells if cell and cell.num_real + cell.num_fake]
    ranges = [
        f"{min(each)}" if min(each) == max(each) else f"{min(each)} to {max(each)}" for each in zip(*pairs, strict=True)
    ]
    return ", ".join(f"{words} {name}" for words, name in zip(ranges, ("real", "fake"), strict=False))


def tidy(matrix: Matrix) -> pd.DataFrame:
    """Return a row for each cell, with all that is known of it."""
    rows = []
    for column in (*matrix.columns, *matrix.by_method):
        for i, cell in enumerate(column.cells):
            if cell is None:
                continue
            one = cell.estimate
            how = "MOVER" if column.name == MEAN and not math.isnan(one.low) else str(one.method)
            place = {"column": column.name, "corpus": column.corpus, "split": column.split, "state": column.state}
            numbers = {"auc": one.value, "sd": cell.sd, "low": one.low, "high": one.high, "interval": how}
            counts = {"num_runs": cell.num_runs, "num_real": cell.num_real, "num_fake": cell.num_fake}
            marks = {"best": cell.best, "not_worse": cell.near, "p_holm": cell.p_holm, "marks": "".join(cell.marks)}
            words = dict(zip(matrix.heads, matrix.rows[i], strict=True))
            rows.append(
                {"row": i + 1, **words, "runs": matrix.seeds[i], **place, "method": column.method}
                | numbers
                | counts
                | marks
                | {"note": one.note}
            )
    return pd.DataFrame(rows)


def markdown(matrix: Matrix, *notes: str) -> str:
    """Return the matrix as Markdown, with what must be known below it.

    Args:
        matrix: the whole.
        notes: what else must be said.
    """

    def marks(letters: Sequence[str]) -> str:
        return f"<sup>{','.join(letters)}</sup>" if letters else ""

    def cell(text: Text) -> str:
        value = f"**{text.value}**" if text.best else f"{text.value} {NEAR}" if text.near else text.value
        return f"{value}{marks(text.marks)}" + (f" ({text.interval})" if text.interval else "")

    below = [*map(in_markdown, (*notes_of(matrix), *notes))]
    below += [f"{marks([mark])} {text}" for mark, text in footnotes(matrix, [*matrix.columns, *matrix.by_method])]
    return as_markdown(_tables(matrix, cell, in_markdown, marks), below)


def notes_of(matrix: Matrix) -> list[str]:
    """Return what must be known to read the matrix: how it is marked, the numbers of videos, and its notes."""
    counts = [f"{column.name}: {counts_of(column)}" for column in matrix.columns if column.corpus and counts_of(column)]
    return [LEGEND, *([f"videos of {'; '.join(counts)}"] if counts else []), *matrix.notes]


def latex(matrix: Matrix, *notes: str) -> str:
    r"""Return the matrix as tables of LaTeX, which need `\usepackage{booktabs}`; all that must be known stands below.

    Args:
        matrix: the matrix.
        notes: further sentences.
    """

    def marks(letters: Sequence[str]) -> str:
        return rf"\textsuperscript{{{','.join(letters)}}}" if letters else ""

    def cell(text: Text) -> str:
        value = in_latex(text.value)
        value = rf"\textbf{{{value}}}" if text.best else rf"{value}$^{{\approx}}$" if text.near else value
        interval = rf" {{\scriptsize ({in_latex(text.interval)})}}" if text.interval else ""
        return f"{value}{marks(text.marks)}{interval}"

    below = [*map(sentence_in_latex, (*notes_of(matrix), *notes))]
    below += [
        f"{marks([mark])} {in_latex(text)}." for mark, text in footnotes(matrix, [*matrix.columns, *matrix.by_method])
    ]
    return as_latex(_tables(matrix, cell, in_latex, marks), below)


def grid_of(
    matrix: Matrix,
    columns: Sequence[Column],
    cell: Callable[[Text], str],
    name: Callable[[object], str],
    marks: Callable[[Sequence[str]], str],
) -> TextTable:
    """Return a table of text.

    Args:
        matrix: the whole.
        columns: those that the table has.
        cell: writes a cell.
        name: writes a name of the user's.
        marks: writes the letters of a head's footnotes, of which there may be none.
    """
    seeds = max(matrix.seeds) > 1
    heads = [name(head) for head in matrix.heads] + (["runs"] if seeds else [])
    heads += [name(each.name) + marks(each.marks) for each in columns]
    rows = []
    for i, words in enumerate(matrix.rows):
        start = [*map(name, words), *([str(matrix.seeds[i])] if seeds else [])]
        rows.append([*start, *(cell(text_of(matrix, column, i)) for column in columns)])
    return TextTable(heads, rows, "l" * len(matrix.heads) + "r" * (len(heads) - len(matrix.heads)))


def _tables(
    matrix: Matrix,
    cell: Callable[[Text], str],
    name: Callable[[object], str],
    marks: Callable[[Sequence[str]], str],
) -> list[TextTable]:
    groups = filter(None, (matrix.columns, matrix.by_method))
    return [grid_of(matrix, columns, cell, name, marks) for columns in groups]
