r"""What text files of tables share: names that Markdown and LaTeX show as they are, and tables with notes below."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from deepfake.names import shown


class TextTable(NamedTuple):
    """A table whose texts are written for its format already.

    Attributes:
        heads: of the columns.
        rows: a text for each head.
        sides: a letter for each column, as LaTeX has them: `l` for words, `r` for numbers. Markdown has none.
    """

    heads: list[str]
    rows: list[list[str]]
    sides: str


def as_markdown(tables: Sequence[TextTable], below: Sequence[str]) -> str:
    """Return tables of Markdown.

    Args:
        tables: one after the other.
        below: what must be known to read them, written for Markdown; a point each.
    """
    parts = []
    for table in tables:
        lines = [table.heads, ["---"] * len(table.heads), *table.rows]
        parts.append("".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join([*parts, *(f"- {line}" for line in below)]) + "\n"


def as_latex(tables: Sequence[TextTable], below: Sequence[str]) -> str:
    r"""Return tables of LaTeX, which need `\usepackage{booktabs}`.

    Args:
        tables: one after the other.
        below: what must be known to read them, written for LaTeX; a sentence each.
    """
    lines = [r"% needs \usepackage{booktabs} in the preamble, and LuaLaTeX where names are in other scripts"]
    for table in tables:
        lines += [
            rf"\begin{{tabular}}{{{table.sides}}}",
            r"\toprule",
            rf"{' & '.join(table.heads)} \\",
            r"\midrule",
            *(rf"{' & '.join(row)} \\" for row in table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\par\smallskip",
        ]
    return "\n".join([*lines, r"{\footnotesize " + "\n".join(below) + r"\par}"]) + "\n"


def in_markdown(text: object) -> str:
    """Return a name that Markdown shows as it is.

    Example:
        >>> in_markdown("a_b|<i>")
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
    '"': r"{\ttfamily\char34}",  # the only font of the default encoding that has straight ones
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # a row that begins with one, or with a star, would be taken for an option of the row before
    "*": "{*}",
    "\0": r"\mbox{}",  # no name that is shown has it
    "±": r"$\pm$",
    "≈": r"$\approx$",
}


def in_latex(text: object) -> str:
    r"""Return a name that LaTeX shows as it is.

    Example:
        >>> print(in_latex("a_b&c%"))
        a\_b\&c\%
    """
    apart = re.sub(r"([-,])(?=\1)", "\\1\0", shown(text))  # two are joined to a dash or a quotation mark
    return "".join(_TEX.get(sign, sign) for sign in apart)


def sentence_in_latex(note: str) -> str:
    r"""Return a note as a sentence.

    Example:
        >>> print(sentence_in_latex("a_b is not marked"))
        A\_b is not marked.
    """
    return in_latex(f"{note[:1].upper()}{note[1:]}.")
