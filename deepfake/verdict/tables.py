"""Writes results as tables and as JSON, one after the other, however many there are."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from deepfake.atomic import written
from deepfake.verdict.frames import BOX, schema_of_frames, tables_of_frames
from deepfake.verdict.result import SCHEMA_VERSION, FileResult, as_plain, without_pictures

PREDICTIONS, FACES, JSON = "predictions.csv", "faces.csv", "predictions.json"
TIMELINE, FRAMES = "timeline.parquet", "frames.parquet"
COLUMNS = ["path", "status", "score", "verdict", "num_faces", "num_clips"]
COLUMNS += ["num_sampled", "num_frames", "duration_s", "reason", "remarks"]
COLUMNS += ["because", "calibrated", "error_rate", "person", "seen_s"]
FACE_COLUMNS = ["file", "person", "score", "calibrated", "verdict", "because", "start_s", "end_s"]
FACE_COLUMNS += ["num_clips", "num_frames", "box_frame", "x0", "y0", "x1", "y1", "looks_like"]
_TIMELINE = {
    "file": pa.string(),
    "person": pa.int32(),
    "start_frame": pa.int64(),
    "end_frame": pa.int64(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "score": pa.float64(),
    **dict.fromkeys(BOX, pa.float64()),
}
_ROWS = 50_000  # of the timeline, or of frames, that are written at once
_TABLES = 100  # persons whose frames are written at once, if they are fewer rows


def score_column(detector: str) -> str:
    """Return the name of the column with the scores of one of several detectors."""
    return f"score_{detector}"


def write_results(
    results: Iterable[FileResult],
    folder: Path,
    identity: Mapping[str, Any],
    detectors: Sequence[str] = (),
    *,
    dense: bool = False,
) -> None:
    """Write `predictions.csv` (a row a file), `faces.csv` (a row a person), `predictions.json` and `timeline.parquet`.

    The timeline has a row a clip of each person; it and the JSON are without pictures. With `dense` there is also
    `frames.parquet`, a row a frame of each person.

    Args:
        results: in the order of the tables; they are gone through once.
        folder: where to write, each file whole or not at all.
        identity: what decides the results; it stands in the JSON.
        detectors: names of several detectors, each of which has a column of its own scores; empty for one alone.
        dense: whether all frames were scored; what several detectors weigh then stands in the identity.
    """
    own = [score_column(name) for name in detectors]
    schema = pa.schema({**_TIMELINE, **dict.fromkeys(own, pa.float64())})
    with ExitStack() as open_:
        files, faces, plain = (open_.enter_context(written(folder / name)) for name in (PREDICTIONS, FACES, JSON))
        add_file, add_face = _table(files, [*COLUMNS, *own]), _table(faces, [*FACE_COLUMNS, *own])
        add_clips = _timeline(open_.enter_context(written(folder / TIMELINE)), schema, open_)
        if dense:
            add_frames = _frames(open_.enter_context(written(folder / FRAMES)), schema_of_frames(own), open_)
            weights = [identity["weights"][name] for name in detectors]
        head = json.dumps({"schema_version": SCHEMA_VERSION, "identity": identity}, indent=1)
        plain.write(f'{head[:-2]},\n "files": ['.encode())
        for number, result in enumerate(results):
            values = as_plain(without_pictures(result))
            add_file({**values, **_of_detectors(values)})
            for row in _faces(values):
                add_face(row)
            add_clips(_clips(values))
            for table in tables_of_frames(result, own, weights) if dense else ():
                add_frames(table)
            plain.write(b",\n" * (number > 0) + json.dumps(values).encode())
        plain.write(b"]\n}\n")


def _faces(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for person in values["persons"]:
        placed = dict(zip(BOX, person["box"], strict=True))
        yield {**person, "file": values["path"], **placed, **_of_detectors(person)}


def _of_detectors(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of what several detectors say of a file or person."""
    return {score_column(each["detector"]): each["score"] for each in values["detectors"]}


def _clips(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the timeline; numbers that count for nothing stand in the JSON alone."""
    rows = []
    for person in values["persons"]:
        counts = [person["because"] is None, *(each["because"] is None for each in person["detectors"])]
        columns = ["score", *(score_column(each["detector"]) for each in person["detectors"])]
        for clip in person["clips"] if any(counts) else ():
            numbers = zip(columns, counts, [clip["score"], *clip["scores"]], strict=True)
            scores = {name: number if does else None for name, does, number in numbers}
            placed = {"file": values["path"], "person": person["person"], **dict(zip(BOX, clip["box"], strict=True))}
            rows.append({**clip, **placed, **scores})
    return rows


def _timeline(file: BinaryIO, schema: pa.Schema, open_: ExitStack) -> Callable[[list[dict[str, Any]]], None]:
    """Return what adds rows to the timeline; they are written when there are many, and when the stack closes."""
    waiting: list[dict[str, Any]] = []
    writer = open_.enter_context(ParquetWriter(file, schema))

    def flush() -> None:
        writer.write_table(pa.Table.from_pylist(waiting, schema))
        waiting.clear()

    def add(rows: list[dict[str, Any]]) -> None:
        waiting.extend(rows)
        if len(waiting) >= _ROWS:
            flush()

    open_.callback(flush)
    return add


def _frames(file: BinaryIO, schema: pa.Schema, open_: ExitStack) -> Callable[[pa.Table], None]:
    """Return what adds the frames of a person; those of several are written at once, since some have a single one."""
    waiting: list[pa.Table] = []
    writer = open_.enter_context(ParquetWriter(file, schema))

    def flush() -> None:
        writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]).combine_chunks())
        waiting.clear()

    def add(table: pa.Table) -> None:
        waiting.append(table)
        if len(waiting) >= _TABLES or sum(map(len, waiting)) >= _ROWS:
            flush()

    open_.callback(flush)
    return add


def _table(file: BinaryIO, columns: list[str]) -> Callable[[Mapping[str, Any]], None]:
    """Write the heads of a CSV, and return what adds a row to it."""

    def add(row: Mapping[str, Any]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row[name] for name in columns)
        file.write(line.getvalue().encode())

    add({name: name for name in columns})
    return add
