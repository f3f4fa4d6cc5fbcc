"""A leaderboard as text: Markdown and LaTeX, with the columns and roundings of the page."""

from collections.abc import Callable

from deepfake.report.matrix.leaderboard import Leaderboard, rounded
from deepfake.report.matrix.markup import TextTable, as_latex, as_markdown, in_latex, in_markdown, sentence_in_latex
from deepfake.report.varied import brief


def board_markdown(board: Leaderboard, *notes: str) -> str:
    """Return a leaderboard as Markdown, with what it was measured on below it.

    Args:
        board: the whole.
        notes: what else must be said.
    """
    return as_markdown([_table(board, in_markdown)], [*map(in_markdown, (_measured(board), *notes))])


def board_latex(board: Leaderboard, *notes: str) -> str:
    r"""Return a leaderboard as a table of LaTeX, which needs `\usepackage{booktabs}`; what must be known stands below.

    Args:
        board: the whole.
        notes: further sentences.
    """
    return as_latex([_table(board, in_latex)], [*map(sentence_in_latex, (_measured(board), *notes))])


def _measured(board: Leaderboard) -> str:
    return f"trained on {board.corpus}: {board.about}"


def _table(board: Leaderboard, name: Callable[[object], str]) -> TextTable:
    words = ["job", *board.names]
    rows = [
        [str(rank), *(name(brief(job[each])) for each in words), *(rounded(job[head]) for head in board.metrics)]
        for rank, job in enumerate(board.jobs.to_dict("records"), start=1)
    ]
    heads = ["rank", *map(name, (*words, *board.metrics))]
    return TextTable(heads, rows, f"r{'l' * len(words)}{'r' * len(board.metrics)}")
