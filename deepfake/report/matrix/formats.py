"""The matrix as text: a tidy table, Markdown and LaTeX."""

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from deepfake.names import shown
from deepfake.report.matrix.footnotes import TEXTS, merged
from deepfake.report.matrix.grid import MEAN, Column, Matrix
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

    def cell(text: Text) -> str:
        value = f"**{text.value}**" if text.best else f"{text.value} {NEAR}" if text.near else text.value
        marks = f"<sup>{','.join(text.marks)}</sup>" if text.marks else ""
        return f"{value}{marks}" + (f" ({text.interval})" if text.interval else "")

    parts = []
    for columns in filter(None, (matrix.columns, matrix.by_method)):
        heads, rows = grid_of(matrix, columns, cell, _md, lambda marks: f"<sup>{','.join(marks)}</sup>")
        lines = [heads, ["---"] * len(heads), *rows]
        parts.append("".join(f"| {' | '.join(line)} |\n" for line in lines))
    below = [*map(_md, (*notes_of(matrix), *notes))]
    below += [f"<sup>{mark}</sup> {text}" for mark, text in footnotes(matrix, [*matrix.columns, *matrix.by_method])]
    return "\n".join([*parts, *(f"- {line}" for line in below)]) + "\n"


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

    def cell(text: Text) -> str:
        value = _tex(text.value)
        value = rf"\textbf{{{value}}}" if text.best else rf"{value}$^{{\approx}}$" if text.near else value
        marks = rf"\textsuperscript{{{','.join(text.marks)}}}" if text.marks else ""
        return f"{value}{marks}" + (rf" {{\scriptsize ({_tex(text.interval)})}}" if text.interval else "")

    lines = [r"% needs \usepackage{booktabs} in the preamble, and LuaLaTeX where names are in other scripts"]
    for columns in filter(None, (matrix.columns, matrix.by_method)):
        heads, rows = grid_of(matrix, columns, cell, _tex, lambda marks: rf"\textsuperscript{{{','.join(marks)}}}")
        lines += [
            rf"\begin{{tabular}}{{{'l' * len(matrix.heads)}{'r' * (len(heads) - len(matrix.heads))}}}",
            r"\toprule",
            rf"{' & '.join(heads)} \\",
            r"\midrule",
            *(rf"{' & '.join(row)} \\" for row in rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\par\smallskip",
        ]
    below = [_tex(f"{note[:1].upper()}{note[1:]}.") for note in (*notes_of(matrix), *notes)]
    below += [
        rf"\textsuperscript{{{mark}}} {_tex(text)}."
        for mark, text in footnotes(matrix, [*matrix.columns, *matrix.by_method])
    ]
    return "\n".join([*lines, r"{\footnotesize " + "\n".join(below) + r"\par}"]) + "\n"


def grid_of(
    matrix: Matrix,
    columns: Sequence[Column],
    cell: Callable[[Text], str],
    name: Callable[[object], str],
    marks: Callable[[Sequence[str]], str],
) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of a table of text.

    Args:
        matrix: the whole.
        columns: those that the table has.
        cell: writes a cell.
        name: writes a name of the user's.
        marks: writes the letters of a head's footnotes.
    """
    seeds = max(matrix.seeds) > 1
    heads = [name(head) for head in matrix.heads] + (["runs"] if seeds else [])
    heads += [name(each.name) + (marks(each.marks) if each.marks else "") for each in columns]
    rows = []
    for i, words in enumerate(matrix.rows):
        start = [*map(name, words), *([str(matrix.seeds[i])] if seeds else [])]
        rows.append([*start, *(cell(text_of(matrix, column, i)) for column in columns)])
    return heads, rows


def _md(text: object) -> str:
    """Return a name that Markdown shows as it is.

    Example:
        >>> _md("a_b|<i>")
        'a\\\\_b\\\\|&lt;i&gt;'
    """
    plain = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", plain)


_TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "[": "{[}",  # a row that begins with one, or with a star, would be taken for an option of the row before
    "*": "{*}",
    "±": r"$\pm$",
    NEAR: r"$\approx$",
}


def _tex(text: object) -> str:
    r"""Return a name that LaTeX shows as it is.

    Example:
        >>> print(_tex("a_b&c%"))
        a\_b\&c\%
    """
    return "".join(_TEX.get(sign, sign) for sign in shown(text))
