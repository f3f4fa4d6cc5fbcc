"""The tables and the JSON of results, read back by other libraries."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from deepfake.verdict import ClipScore, FileResult, write_results
from deepfake.verdict.tables import COLUMNS, FACE_COLUMNS
from tests.verdict.made import FACELESS, PERSON, SCORED

HOSTILE = '=1+1,"<img src=x onerror=alert(1)>"\';é%0A.mp4'


def test_they_hold_what_the_results_hold(tmp_path: Path) -> None:
    clips = (ClipScore(3, 6, 0.12, 0.28, 0.75, (1.0, 2.0, 30.5, 40.0)), ClipScore(7, 10, 0.28, 0.44, 0.5, (1, 2, 3, 4)))
    first = replace(PERSON, clips=clips)
    second = replace(PERSON, person=2, score=None, because="face too small", raw_score=0.125, clips=clips)
    results = [replace(SCORED, path=HOSTILE, persons=(first, second)), FACELESS]
    write_results(iter(results), tmp_path, {"checkpoint": "ab"})
    files = pd.read_csv(tmp_path / "predictions.csv")
    assert list(files.columns) == COLUMNS and files["path"].tolist() == [HOSTILE, "empty.mp4"]
    assert files["score"].tolist()[0] == 0.75 and pd.isna(files["score"].tolist()[1])
    assert files["because"].tolist()[1] == "no face"
    faces = pd.read_csv(tmp_path / "faces.csv")
    assert list(faces.columns) == FACE_COLUMNS and faces["file"].tolist() == [HOSTILE] * 2
    assert faces[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [1.0, 2.0, 30.5, 40.0]
    assert pd.isna(faces.at[1, "score"])  # the measured number is in the JSON alone
    timeline = pd.read_parquet(tmp_path / "timeline.parquet")
    assert timeline["file"].tolist() == [HOSTILE] * 2 and timeline["person"].tolist() == [1, 1]  # as for the scores
    assert timeline.drop(columns=["file", "person"]).to_numpy().tolist() == [
        [3, 6, 0.12, 0.28, 0.75, 1.0, 2.0, 30.5, 40.0],
        [7, 10, 0.28, 0.44, 0.5, 1.0, 2.0, 3.0, 4.0],
    ]
    document = json.loads((tmp_path / "predictions.json").read_text())
    assert document["schema_version"] == 1 and document["identity"] == {"checkpoint": "ab"}
    assert document["files"] == json.loads(json.dumps([asdict(result) for result in results]))


def test_pictures_are_no_part_of_the_document(tmp_path: Path) -> None:
    write_results([replace(SCORED, persons=(replace(PERSON, thumbnail="a face"),))], tmp_path, {})
    assert "a face" not in (tmp_path / "predictions.json").read_text()


def test_no_result_is_a_table_too(tmp_path: Path) -> None:
    write_results([], tmp_path, {})
    assert json.loads((tmp_path / "predictions.json").read_text())["files"] == []
    assert pd.read_csv(tmp_path / "predictions.csv").empty and pd.read_parquet(tmp_path / "timeline.parquet").empty


def test_a_table_is_whole_or_as_it_was(tmp_path: Path) -> None:
    write_results([SCORED], tmp_path, {})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken() -> Iterator[FileResult]:
        yield FACELESS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_results(broken(), tmp_path, {})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
