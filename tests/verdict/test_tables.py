"""The tables and the JSON of results, read back by other libraries."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from deepfake.verdict import FileResult, write_results
from deepfake.verdict.tables import COLUMNS, FACE_COLUMNS
from tests.verdict.made import FACELESS, PERSON, SCORED

HOSTILE = '=1+1,"<img src=x onerror=alert(1)>"\';é%0A.mp4'


def test_they_hold_what_the_results_hold(tmp_path: Path) -> None:
    second = replace(PERSON, person=2, score=None, because="face too small", raw_score=0.125)
    results = [replace(SCORED, path=HOSTILE, persons=(PERSON, second)), FACELESS]
    write_results(iter(results), tmp_path, {"checkpoint": "ab"})
    files = pd.read_csv(tmp_path / "predictions.csv")
    assert list(files.columns) == COLUMNS and files["path"].tolist() == [HOSTILE, "empty.mp4"]
    assert files["score"].tolist()[0] == 0.75 and pd.isna(files["score"].tolist()[1])
    assert files["because"].tolist()[1] == "no face"
    faces = pd.read_csv(tmp_path / "faces.csv")
    assert list(faces.columns) == FACE_COLUMNS and faces["file"].tolist() == [HOSTILE] * 2
    assert faces[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [1.0, 2.0, 30.5, 40.0]
    assert pd.isna(faces.at[1, "score"])  # the measured number is in the JSON alone
    document = json.loads((tmp_path / "predictions.json").read_text())
    assert document["schema_version"] == 1 and document["identity"] == {"checkpoint": "ab"}
    assert document["files"] == json.loads(json.dumps([asdict(result) for result in results]))


def test_no_result_is_a_table_too(tmp_path: Path) -> None:
    write_results([], tmp_path, {})
    assert json.loads((tmp_path / "predictions.json").read_text())["files"] == []
    assert pd.read_csv(tmp_path / "predictions.csv").empty


def test_a_table_is_whole_or_as_it_was(tmp_path: Path) -> None:
    write_results([SCORED], tmp_path, {})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken() -> Iterator[FileResult]:
        yield FACELESS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_results(broken(), tmp_path, {})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
