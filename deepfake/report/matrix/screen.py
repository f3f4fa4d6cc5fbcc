"""Prints the matrix and the leaderboards."""

from collections.abc import Sequence

from deepfake.report.matrix.formats import NEAR, Text, footnotes, grid_of, notes_of
from deepfake.report.matrix.grid import Matrix
from deepfake.report.matrix.leaderboard import Leaderboard
from deepfake.report.tables import show
from deepfake.report.varied import brief

_MOST = 20  # rows of a leaderboard on screen


def show_matrix(matrix: Matrix, *notes: str) -> None:
    """Print the columns of all fakes; those of methods stand in the files.

    Args:
        matrix: the whole.
        notes: what else must be said.
    """

    def marks(letters: Sequence[str]) -> str:
        return f" [{','.join(letters)}]" if letters else ""

    def cell(text: Text) -> str:
        sign = "*" if text.best else NEAR if text.near else ""
        return f"{text.value}{sign}" + (f" ({text.interval})" if text.interval else "") + marks(text.marks)

    heads, rows, _ = grid_of(matrix, matrix.columns, cell, str, marks)
    legend, *rest = notes_of(matrix)
    legend = legend.replace("the best of a column is bold", "* is the best of a column")
    marked = [f"[{mark}] {text}" for mark, text in footnotes(matrix, matrix.columns)]
    show("what was trained, by what it was tested on", heads, rows, legend, *rest, *marked, *notes)


def show_leaderboard(board: Leaderboard) -> None:
    """Print the best trainings of a leaderboard."""
    kept = board.jobs[["job", *board.names, *board.metrics]]
    kept = kept.map(lambda cell: brief(cell) if isinstance(cell, str) else cell)
    more = f"{len(kept) - _MOST} more jobs are in the files" if len(kept) > _MOST else ""
    title = f"{len(kept)} trainings on {board.corpus}, best val AUC first"
    show(title, [*kept.columns], kept.head(_MOST).to_numpy(object).tolist(), more)
