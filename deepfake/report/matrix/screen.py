"""Prints the matrix and the leaderboards."""

from deepfake.report.matrix.formats import NEAR, Text, footnotes, grid_of, notes_of
from deepfake.report.matrix.grid import Matrix
from deepfake.report.matrix.leaderboard import METRICS, Leaderboard
from deepfake.report.tables import show
from deepfake.report.varied import brief

_MOST = 20  # rows of a leaderboard on screen


def show_matrix(matrix: Matrix, *notes: str) -> None:
    """Print the columns of all fakes; those of methods stand in the files.

    Args:
        matrix: the whole.
        notes: what else must be said.
    """

    def cell(text: Text) -> str:
        sign = "*" if text.best else NEAR if text.near else ""
        marks = f" [{','.join(text.marks)}]" if text.marks else ""
        return f"{text.value}{sign}" + (f" ({text.interval})" if text.interval else "") + marks

    heads, rows = grid_of(matrix, matrix.columns, cell, str, lambda marks: f" [{','.join(marks)}]")
    legend, *rest = notes_of(matrix)
    legend = legend.replace("the best of a column is bold", "* is the best of a column")
    marked = [f"[{mark}] {text}" for mark, text in footnotes(matrix, matrix.columns)]
    show("what was trained, by what it was tested on", heads, rows, legend, *rest, *marked, *notes)


def show_leaderboard(board: Leaderboard) -> None:
    """Print the best trainings of a leaderboard."""
    metrics = [head for head in METRICS.values() if board.jobs[head].notna().any()]
    kept = board.jobs[["job", *board.names, *metrics]].map(lambda cell: brief(cell) if isinstance(cell, str) else cell)
    more = f"{len(kept) - _MOST} more jobs are in the files" if len(kept) > _MOST else ""
    title = f"{len(kept)} trainings on {board.corpus}, best val AUC first"
    show(title, [*kept.columns], kept.head(_MOST).to_numpy(object).tolist(), more)
