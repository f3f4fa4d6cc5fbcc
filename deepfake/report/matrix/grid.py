"""The matrix: what was trained in rows, what it was tested on in columns.

Runs that differ in their seed alone share a row. Tests on two states of a corpus, that is other videos or files of the
split, never share a column. A table of predictions stands in the column whose videos and labels it has, if it has those
of one alone.
"""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from deepfake.metrics import Method
from deepfake.report.matrix.cells import Cell, column_cells, without_scores
from deepfake.report.matrix.footnotes import kin_by_names, marks_of, merged
from deepfake.report.matrix.means import mean_over, pooled
from deepfake.report.matrix.results import OF_TABLE, Result
from deepfake.report.varied import given_options, varied
from deepfake.schema import Label, Split
from deepfake.screen import from_here

log = logging.getLogger(__name__)
POOLED, MEAN = "pooled", "mean"
Place = tuple[str, str, str]  # corpus, split and state
What = tuple[str, tuple[str, str]]  # options, and corpus and state of train


@dataclass(frozen=True)
class Column:
    """What was tested on.

    Attributes:
        name: the corpus, with its state if there are several, and the method if it is one; `pooled` or `mean`.
        corpus: its name; empty beside the columns.
        split: of the corpus.
        state: of the split.
        method: of the fakes; empty for all.
        cells: of each row; None where nothing was tested.
        why_unmarked: why its cells are not compared; empty if they are.
        marks: letters of footnotes that hold for each of its cells.
    """

    name: str
    corpus: str
    split: str
    state: str
    method: str
    cells: Sequence[Cell | None]
    why_unmarked: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        there = [set(cell.marks) for cell in self.cells if cell]
        common = set.intersection(*there) if len(there) > 1 else set()
        return merged([common])


@dataclass(frozen=True)
class Matrix:
    """The whole.

    Attributes:
        heads: names of what tells rows apart.
        rows: of each row the words under these heads.
        seeds: of each row how many runs it has.
        columns: of all fakes of a corpus each, then the pooled AUC and the mean if there are several.
        by_method: of the fakes of one method each, for corpora with several.
        notes: what must be known to read it, a sentence each.
    """

    heads: list[str]
    rows: list[list[str]]
    seeds: list[int]
    columns: list[Column]
    by_method: list[Column]
    notes: list[str] = field(default_factory=list)


def build_matrix(results: Sequence[Result]) -> Matrix:
    """Measure and compare the results.

    Args:
        results: at least one.
    """
    grouped: dict[What, list[Result]] = {}
    for result in results:
        grouped.setdefault((result.options, result.trained_on), []).append(result)
    places = _places(results)
    tested = [_by_place(own, places) for own in grouped.values()]
    heads, rows = _words(grouped)
    names = _column_names(places, results)
    columns, by_method = [], []
    for place in names:
        own = [row.get(place, []) for row in tested]
        columns.append(_column(names[place], place, own))
        methods = _methods(own)
        if len(methods) > 1:
            by_method += [_column(f"{names[place]}: {method}", place, own, method) for method in methods]
    seeds = [len({result.run for result in own}) for own in grouped.values()]
    main = [column for column in columns if column.split == Split.TEST]
    twice = len({column.corpus for column in main}) < len(main)
    beside = _beside(main, tested) if len(main) > 1 and not twice else []
    notes = [*_scored(results), *_sampled(columns), *kin_by_names(results)]
    notes += [f"{each.name} is not marked: {each.why_unmarked}" for each in (*columns, *by_method) if each.why_unmarked]
    if twice:
        notes.append(
            "no pooled AUC and no mean: two columns are states of one corpus, whose videos would count twice; give "
            "runs= the folders of one state"
        )
    if beside and None in beside[0].cells:
        notes.append("a row that lacks a column has no pooled AUC, and its mean is over the columns that it has")
    if beside:
        notes.append("the mean takes the columns as independent; it is not compared between rows")
    if beside and len(main) < len(columns):
        notes.append("pooled and mean are of test splits alone")
    return Matrix(heads, rows, seeds, [*columns, *beside], by_method, notes)


def _scored(results: Iterable[Result]) -> list[str]:
    """Say how clips became the scores of videos."""
    rules = sorted({result.aggregate for result in results} - {""})
    several = "; rows that differ in it name the option" if len(rules) > 1 else ""
    return [f"scores of videos: aggregate={', '.join(rules)}{several}"] if rules else []


def _sampled(columns: Iterable[Column]) -> list[str]:
    """Say in which columns people, and not videos, were taken as independent, and where they are few."""
    method = Method.CLUSTER_BOOTSTRAP
    names = [each.name for each in columns if any(cell and cell.estimate.method == method for cell in each.cells)]
    few = {(each.name, cell.estimate.note) for each in columns for cell in each.cells if cell and cell.estimate.note}
    known = f"of {', '.join(names)} people are known, and are drawn as a whole by a bootstrap; the rest is by DeLong"
    return [*([known] if names else []), *(f"{name}: {note}" for name, note in sorted(few))]


def _places(results: Iterable[Result]) -> dict[Path, Place]:
    """Return folder -> the corpus and state that its test belongs to."""
    results = list(results)
    known: dict[tuple[str, str], set[Place]] = {}
    for each in results:
        if not each.is_table and each.names:
            known.setdefault((each.split, each.names), set()).add((each.corpus, each.split, each.state))
    found = {}
    for each in results:
        fitting = known.get((each.split, each.names), set()) if each.is_table else set()
        if len(fitting) > 1:
            log.warning("%s has the videos of several columns, and so one of its own", from_here(each.folder))
        found[each.folder] = next(iter(fitting)) if len(fitting) == 1 else (each.corpus, each.split, each.state)
    # Tables of the same videos share a column, whatever their files are called.
    first: dict[tuple[str, str], Place] = {}
    for each in results:
        if each.is_table and found[each.folder][2] == each.state:
            found[each.folder] = first.setdefault((each.split, each.state), found[each.folder])
    return found


def _by_place(results: Iterable[Result], places: Mapping[Path, Place]) -> dict[Place, list[Result]]:
    """Return the results of one row by what they were tested on, and say which are left out or count twice."""
    found: dict[Place, dict[Path, Result]] = {}
    trained: dict[str | None, Path] = {}
    for result in results:
        first = found.setdefault(places[result.folder], {}).setdefault(result.run, result)
        if first is not result:
            two = from_here(first.folder), from_here(result.folder)
            log.warning("%s and %s test one checkpoint on the same videos: only the first counts", *two)
        other = trained.setdefault(result.seed, result.run)
        if other != result.run:
            two = from_here(other), from_here(result.run)
            log.warning("%s and %s have the same options and seed: both count in the mean", *two)
    return {place: [*runs.values()] for place, runs in found.items()}


def _words(grouped: Mapping[What, Sequence[Result]]) -> tuple[list[str], list[list[str]]]:
    """Return what tells rows apart: the options that vary, the model where they do not, and what was trained on."""
    names = varied(dict.fromkeys(options for options, _ in grouped))
    given = [given_options(options) for options, _ in grouped]
    models = [next((each.model for each in own if each.model), "") for own in grouped.values()]
    corpora = [corpus for _, (corpus, _) in grouped]
    plain = [tuple(own.get(name, "") for name in names) for own in given]
    nameless = not names or (len({*models}) > 1 and not all(map(any, plain)))
    with_model = "model" not in names and any(models) and nameless
    rows = []
    for i, (_, (corpus, state)) in enumerate(grouped):
        twins = [j for j in range(len(plain)) if (plain[j], corpora[j]) == (plain[i], corpora[i])]
        trained = f"{corpus} {state[:6]}".strip() if len(twins) > 1 else corpus
        rows.append([*([models[i]] if with_model else []), *plain[i], trained or "unknown"])
    return [*(["model"] if with_model else []), *names, "trained on"], rows


def _column_names(places: Mapping[Path, Place], results: Iterable[Result]) -> dict[Place, str]:
    order = dict.fromkeys(places[result.folder] for result in results)
    plain = {place: f"{place[0]} {'' if place[1] == Split.TEST else place[1]}".strip() for place in order}
    twice = {name for name in plain.values() if [*plain.values()].count(name) > 1}
    states = {place: place[2].removeprefix(OF_TABLE)[:6] for place in order}
    return {place: f"{name} {states[place]}" if name in twice else name for place, name in plain.items()}


def _methods(rows: Iterable[Sequence[Result]]) -> list[str]:
    """Return the methods of the fakes of one column."""
    found = (_methods_of(result.videos) for own in rows for result in own)
    return sorted({method for methods in found for method in methods})


def _methods_of(videos: pd.DataFrame | None) -> set[str]:
    return set() if videos is None else {*videos.loc[videos["label"] == Label.FAKE, "method"].astype(str)}


def _column(name: str, place: Place, rows: Sequence[Sequence[Result]], method: str = "") -> Column:
    frames = [[_part(each.videos, method) for each in own if each.videos is not None] for own in rows]
    nothing: list[Cell | None] = [None] * len(rows)
    cells, why = column_cells(frames) if any(frames) else (nothing, "")
    lacking = [i for i, own in enumerate(rows) if any(each.videos is None for each in own)]
    if lacking and not method:
        why = "some runs have no scores of videos to compare"
        for i in lacking:
            cells[i] = without_scores([each.auc for each in rows[i]])
        cells = [cell and replace(cell, best=False, near=False, p_holm=math.nan) for cell in cells]
    marked = []
    for cell, own in zip(cells, rows, strict=True):
        marks = merged(marks_of(each, {method} if method else _methods_of(each.videos)) for each in own)
        marked.append(cell and replace(cell, marks=marks))
    return Column(name, *place, method, marked, why)


def _part(videos: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return all reals and the fakes of a method, or all videos."""
    return videos[(videos["label"] == Label.REAL) | (videos["method"] == method)] if method else videos


def _beside(columns: Sequence[Column], tested: Sequence[Mapping[Place, Sequence[Result]]]) -> list[Column]:
    """Return the AUC of the videos of all columns together, and the mean of the columns."""
    places = [(column.corpus, column.split, column.state) for column in columns]
    together = [_together([row.get(place, []) for place in places]) for row in tested]
    cells, why = column_cells(together) if any(together) else ([None] * len(tested), "")
    means: list[Cell | None] = []
    for i in range(len(tested)):
        there = [cell for column in columns if (cell := column.cells[i])]
        means.append(mean_over(there) if there else None)
    found = [Column(POOLED, "", Split.TEST, "", "", cells, why)]
    found.append(Column(MEAN, "", Split.TEST, "", "", means))
    return [replace(column, cells=_with_marks(column, columns)) for column in found]


def _with_marks(column: Column, columns: Sequence[Column]) -> list[Cell | None]:
    of_rows = [merged(each.cells[i].marks for each in columns if each.cells[i]) for i in range(len(column.cells))]  # type: ignore[union-attr]
    return [cell and replace(cell, marks=marks) for cell, marks in zip(column.cells, of_rows, strict=True)]


def _together(row: Sequence[Sequence[Result]]) -> list[pd.DataFrame]:
    """Return the videos of all columns of each run that was tested on every one with scores."""
    scored = [{each.run: each.videos for each in own if each.videos is not None} for own in row]
    runs = [run for run in scored[0] if all(run in own for own in scored[1:])]
    return [pooled([own[run] for own in scored]) for run in runs]
