"""Writes `matrix.html`: the matrix and the leaderboards on one page that needs no network."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from deepfake.atomic import write_atomic
from deepfake.names import shown
from deepfake.report.matrix.formats import LEGEND, Text, counts_of, footnotes, notes_of, text_of
from deepfake.report.matrix.grid import Column, Matrix
from deepfake.report.matrix.importance import importance
from deepfake.report.matrix.leaderboard import VAL, Leaderboard, rounded
from deepfake.report.matrix.sweep_charts import importance_chart, parallel_chart
from deepfake.report.page.chart import Chart
from deepfake.report.page.rendering import render
from deepfake.report.varied import brief

FILE = "matrix.html"


class Head(NamedTuple):
    """The head of a column: its name, letters of footnotes, and what stands below."""

    name: str
    marks: tuple[str, ...] = ()
    about: str = ""


class Line(NamedTuple):
    """A row of a table: words, then numbers."""

    words: list[str]
    cells: list[Text]


class Grid(NamedTuple):
    """A table that sorts; `name` identifies it in the page."""

    name: str
    title: str
    heads: list[Head]
    rows: list[Line]


class Board(NamedTuple):
    """A leaderboard with its charts, and why there is no importance if there is none."""

    name: str
    title: str
    about: str
    heads: list[Head]
    rows: list[Line]
    charts: list[Chart]
    untold: str


def write_matrix_page(
    folder: Path, matrix: Matrix | None, boards: Sequence[Leaderboard], notes: Sequence[str], command: Sequence[str]
) -> Path:
    """Write the page, and return its path.

    Args:
        folder: where it goes.
        matrix: None if nothing was tested.
        boards: of sweeps.
        notes: what else must be said.
        command: the words that were typed; empty if they are not known.
    """
    tables, texts = [], [*notes]
    marks: dict[str, str] = {}
    if matrix:
        tables.append(_grid("tested", "AUC by corpus", matrix, matrix.columns))
        if matrix.by_method:
            tables.append(_grid("methods", "AUC by method", matrix, matrix.by_method))
        marks = dict(footnotes(matrix, [*matrix.columns, *matrix.by_method]))
        texts = [*notes_of(matrix)[1:], *notes]
    page = render(
        "matrix.html",
        title="What was trained, and how it does" if matrix else "What was trained",
        kind="matrix" if matrix else "leaderboard",
        legend=LEGEND,
        tables=tables,
        footnotes=marks,
        notes=[shown(text) for text in texts],
        boards=[_board(board, f"board-{place}") for place, board in enumerate(boards)],
        command=shown(shlex.join(command)),
    )
    write_atomic(folder / FILE, page.encode())
    return folder / FILE


def _grid(name: str, title: str, matrix: Matrix, columns: Sequence[Column]) -> Grid:
    seeds = max(matrix.seeds) > 1
    heads = [Head(shown(head)) for head in (*matrix.heads, *(["runs"] if seeds else []))]
    heads += [Head(shown(each.name), each.marks, counts_of(each)) for each in columns]
    rows = [
        Line(
            [*map(shown, words), *([str(matrix.seeds[i])] if seeds else [])],
            [text_of(matrix, column, i) for column in columns],
        )
        for i, words in enumerate(matrix.rows)
    ]
    return Grid(name, title, heads, rows)


def _board(board: Leaderboard, name: str) -> Board:
    options, jobs = board.names, board.jobs
    rows = [
        Line([brief(shown(job[each])) for each in ("job", *options)], [_number(job[head]) for head in board.metrics])
        for job in jobs.to_dict("records")
    ]
    found = importance(jobs[options], jobs[VAL].tolist()) if options else "no option varies"
    charts = [parallel_chart(board, f"{name}-options")] if options else []
    if not isinstance(found, str):
        charts.append(importance_chart(found, f"{name}-importance"))
    heads = [*map(Head, map(shown, ("job", *options, *board.metrics)))]
    untold = f"Importance: {found}." if isinstance(found, str) else ""
    return Board(name, shown(f"Trained on {board.corpus}"), shown(board.about), heads, rows, charts, untold)


def _number(value: float) -> Text:
    return Text(rounded(value), "", False, False, (), "", None if math.isnan(value) else float(value))
