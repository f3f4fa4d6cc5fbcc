"""Tables of predictions, ours or anybody's: one row a clip, or a video.

Nothing in them is guessed: columns have the names that are given, scores are what they are said to be, and a row that
holds no score, no label, or contradicts another row of its video is refused with its line.
"""

import csv
import io
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from deepfake.corpora.lists import read_text
from deepfake.errors import ConfigError
from deepfake.names import quoted
from deepfake.ranges import Aggregate, Word
from deepfake.report.plots import Subject
from deepfake.schema import Label

Scores = Literal["probability", "logit"]
Refuse = Callable[[int, str], ConfigError]
log = logging.getLogger(__name__)
_LABELS = {"0": Label.REAL, "1": Label.FAKE, "real": Label.REAL, "fake": Label.FAKE}
_CURE = "predictions= wants a CSV in UTF-8 with a header, and a row a clip or a video"
_REQUIRED = ("video_id", "label", "score")
_OUR_CLIP = "start"  # the column of our own tables that tells clips apart
OF_VIDEO = ("label", "method", "group", "person")  # what all rows of a video share


@dataclass(frozen=True, slots=True)
class Columns:
    """The names that columns have in a file; the first three must be there.

    Attributes:
        video_id: unique to the video, so two videos of one file name need their folders in it.
        label: 0 or real, 1 or fake.
        score: P(fake), or its logit; an empty cell is a video without a score.
        track: one face of the video; all rows are of one face without it.
        clip: tells the clips of a track apart, to find rows that are there twice; `start` in our own files.
        method: forgery method of a fake.
        group: what numbers are wanted for apart, such as a compression; reals and fakes have it.
        person: whose videos are not independent of each other.
    """

    video_id: Word = "video_id"
    label: Word = "label"
    score: Word = "score"
    track: Word = "track"
    clip: Word = "clip"
    method: Word = "method"
    group: Word = "group"
    person: Word = "person"


def read_predictions(path: str | Path, columns: Columns, scores: Scores) -> pd.DataFrame:
    """Read a CSV of predictions.

    Args:
        path: the file.
        columns: the names of its columns.
        scores: what the scores are.

    Returns:
        One row for each of the file's, in its order: `video_id`, `label` (0 real, 1 fake), `score` (P(fake), NaN if the
        video has none), `track` (a number), and of `clip`, `method`, `group`, `person` those that the file has.

    Raises:
        CorpusError: the file cannot be read.
        ConfigError: it is no table, lacks a column, or has a row that is refused.
    """
    cells, lines = _cells(Path(path))
    names = _present(path, cells, columns)
    table = cells[[*names.values()]].set_axis([*names], axis=1)

    def refuse(index: int, problem: str) -> ConfigError:
        return ConfigError(f"{path} line {lines[index]} (video {quoted(table['video_id'].iloc[index])}): {problem}")

    if (empty := table["video_id"] == "").any():
        raise refuse(int(empty.to_numpy().argmax()), f"{columns.video_id} is empty")
    label = table["label"].str.strip().str.lower().map(_LABELS)
    if (unknown := label.isna()).any():
        index = int(unknown.to_numpy().argmax())
        problem = f"{columns.label} is {quoted(table['label'].iloc[index])}, and must be 0 or real, or 1 or fake"
        raise refuse(index, problem)
    table = table.assign(label=label.astype(np.int64))
    score = _probabilities(table["score"].str.strip(), columns, scores, refuse)
    track = pd.factorize(table["track"])[0] if "track" in table else np.zeros(len(table), np.int64)
    _require_one_video_each(table, columns, refuse)
    return table.assign(score=score, track=track)


def _cells(path: Path) -> tuple[pd.DataFrame, Sequence[int]]:
    """Return all cells of a CSV as text, and the line on which each row ends."""
    text = read_text(path, _CURE)
    if "\0" in text:
        raise ConfigError(f"{path} has a zero byte; {_CURE}")
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, lines = [], []
    try:
        header = next(row for row in reader if row)
        for row in reader:
            if row and len(row) != len(header):
                what = f"{path} line {reader.line_num} has {len(row)} cells, and the header has {len(header)}"
                raise ConfigError(f"{what}; a cell with a comma goes in quotes")
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ConfigError(f"{path} line {reader.line_num + 1} is malformed ({error}); {_CURE}") from error
    if twice := [name for i, name in enumerate(header) if name in header[:i]]:
        raise ConfigError(f"{path} has two columns {quoted(twice[0])}: rename one of them")
    if not rows:
        raise ConfigError(f"{path} has no rows; {_CURE}")
    return pd.DataFrame(rows, columns=header, dtype=str), lines


def _present(path: str | Path, cells: pd.DataFrame, columns: Columns) -> dict[str, str]:
    """Return our names of the columns that are there -> the file's."""
    present = {}
    for field in fields(columns):
        name = getattr(columns, field.name)
        if field.name == "clip" and name == field.default and name not in cells:
            name = _OUR_CLIP
        if name in cells:
            present[field.name] = name
        elif field.name in _REQUIRED or name not in (field.default, _OUR_CLIP):
            found = ", ".join(map(quoted, list(cells)[:12]))
            raise ConfigError(
                f"{path} has no column {quoted(name)}; it has {found}: name the one that holds it with "
                f"columns.{field.name}=..."
            )
    if repeated := [of for of in _inverse(present).values() if len(of) > 1]:
        wanted = " and ".join(f"columns.{name}" for name in repeated[0])
        raise ConfigError(f"{wanted} name the same column, {quoted(present[repeated[0][0]])}: give each its own")
    if unused := [name for name in cells if name not in present.values()]:
        log.info("columns that are not used: %s", ", ".join(map(quoted, unused)))
    return present


def _inverse(names: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ours, theirs in names.items():
        found.setdefault(theirs, []).append(ours)
    return found


def _probabilities(cells: pd.Series, columns: Columns, scores: Scores, refuse: Refuse) -> np.ndarray:
    values = pd.to_numeric(cells.where(cells != ""), errors="coerce").to_numpy(np.float64)
    valid = np.isfinite(values) if scores == "logit" else (values >= 0) & (values <= 1)
    wrong = ~valid & (cells != "").to_numpy()
    if wrong.any():
        index = int(wrong.argmax())
        cell = quoted(cells.iloc[index])
        if scores == "logit":
            raise refuse(index, f"{columns.score} is {cell}, and must be a finite number, as scores=logit says")
        of_logits = np.isfinite(values[index])
        cure = "; if these are logits, give scores=logit" if of_logits else ""
        raise refuse(index, f"{columns.score} is {cell}, and must be a probability in [0, 1]{cure}")
    if scores == "probability":
        return values
    return np.exp(-np.logaddexp(0, -values))


def _require_one_video_each(table: pd.DataFrame, columns: Columns, refuse: Refuse) -> None:
    """Stop where rows of a video contradict each other, or are there twice."""
    for name in (name for name in OF_VIDEO if name in table):
        first = table.groupby("video_id", sort=False)[name].transform("first")
        if (other := (table[name] != first).to_numpy()).any():
            index = int(other.argmax())
            raise refuse(
                index,
                f"{getattr(columns, name)} is {table[name].iloc[index]}, but {first.iloc[index]} in an earlier row of "
                "this video; if these are two videos of one name, put their folders into the column of videos",
            )
    keys = [name for name in ("video_id", "track", "clip") if name in table]
    if "clip" in table and (twice := table.duplicated(keys).to_numpy()).any():
        raise refuse(int(twice.argmax()), "the same clip of the same face has a row already")
    empty = table["score"].str.strip() == ""
    mixed = empty.to_numpy() & ~empty.groupby(table["video_id"]).transform("all").to_numpy()
    if mixed.any():
        raise refuse(int(mixed.argmax()), "it has no score, but other rows of this video have one; leave the row out")


def subject_of_table(path: Path, split: str, clips: pd.DataFrame, aggregate: Aggregate) -> Subject:
    """Return what the titles of pictures name of a table, whose scores may be of clips or of videos already.

    Args:
        path: of the table.
        split: that its videos are of.
        clips: as `read_predictions` returns them.
        aggregate: how clips become the score of a video.
    """
    of_clips = "" if clips["video_id"].is_unique else aggregate
    return Subject(path.name, split, "unknown, of a table of predictions", of_clips)
