"""The tables and the JSON of results, read back by other libraries."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from deepfake.verdict import Because, ClipScore, DetectorScore, FileResult, write_results
from deepfake.verdict.tables import COLUMNS, FACE_COLUMNS
from tests.verdict.made import FACELESS, PERSON, SCORED

HOSTILE = '=1+1,"<img src=x onerror=alert(1)>"\';é%0A.mp4'


def test_they_hold_what_the_results_hold(tmp_path: Path) -> None:
    clips = (ClipScore(3, 6, 0.12, 0.28, 0.75, (1.0, 2.0, 30.5, 40.0)), ClipScore(7, 10, 0.28, 0.44, 0.5, (1, 2, 3, 4)))
    first = replace(PERSON, clips=clips)
    second = replace(PERSON, person=2, score=None, because="face too small", raw_score=0.125, clips=clips, looks_like=1)
    results = [replace(SCORED, path=HOSTILE, persons=(first, second)), FACELESS]
    write_results(iter(results), tmp_path, {"checkpoint": "ab"})
    files = pd.read_csv(tmp_path / "predictions.csv")
    assert list(files.columns) == COLUMNS and files["path"].tolist() == [HOSTILE, "empty.mp4"]
    assert files["score"].tolist()[0] == 0.75 and pd.isna(files["score"].tolist()[1])
    assert files["because"].tolist()[1] == "no face"
    faces = pd.read_csv(tmp_path / "faces.csv")
    assert list(faces.columns) == FACE_COLUMNS and faces["file"].tolist() == [HOSTILE] * 2
    assert faces[["x0", "y0", "x1", "y1"]].iloc[0].tolist() == [1.0, 2.0, 30.5, 40.0]
    assert pd.isna(faces.at[0, "looks_like"]) and faces.at[1, "looks_like"] == 1
    assert pd.isna(faces.at[1, "score"])  # the measured number is in the JSON alone
    timeline = pd.read_parquet(tmp_path / "timeline.parquet")
    assert timeline["file"].tolist() == [HOSTILE] * 2 and timeline["person"].tolist() == [1, 1]  # as for the scores
    assert timeline.drop(columns=["file", "person"]).to_numpy().tolist() == [
        [3, 6, 0.12, 0.28, 0.75, 1.0, 2.0, 30.5, 40.0],
        [7, 10, 0.28, 0.44, 0.5, 1.0, 2.0, 3.0, 4.0],
    ]
    document = json.loads((tmp_path / "predictions.json").read_text())
    assert document["schema_version"] == 2 and document["identity"] == {"checkpoint": "ab"}
    assert document["files"] == json.loads(json.dumps([asdict(result) for result in results]))


def test_several_detectors_have_a_column_each(tmp_path: Path) -> None:
    both = (DetectorScore("a", 0.5, None, 1, 2, 0.5), DetectorScore("b,c", None, Because.TOO_SHORT, None, 0, 0.25))
    box = (1.0, 2.0, 3.0, 4.0)
    clips = (ClipScore(0, 0, 0.0, 0.04, None, box, (0.5, None)), ClipScore(4, 7, 0.16, 0.32, 0.3, box, (0.75, 0.25)))
    person = replace(PERSON, score=None, because=Because.TOO_SHORT, clips=clips, detectors=both)
    nobody = replace(person, person=2, detectors=tuple(replace(one, because=Because.NOT_MAIN_FACE) for one in both))
    result = replace(SCORED, persons=(person, nobody), detectors=both)
    nothing = tuple(DetectorScore(name, None, Because.NO_FACE, None, 0, None) for name in ("a", "b,c"))
    write_results([result, replace(FACELESS, detectors=nothing)], tmp_path, {}, ["a", "b,c"])
    files, faces = (pd.read_csv(tmp_path / name) for name in ("predictions.csv", "faces.csv"))
    assert list(files.columns) == [*COLUMNS, "score_a", "score_b,c"]
    assert list(faces.columns) == [*FACE_COLUMNS, "score_a", "score_b,c"]
    assert files["score_a"].tolist()[0] == 0.5 and files.isna()["score_a"].tolist() == [False, True]
    assert files["score_b,c"].isna().all() and faces["score_a"].tolist() == [0.5, 0.5]
    timeline = pd.read_parquet(tmp_path / "timeline.parquet")
    assert timeline["person"].tolist() == [1, 1]  # of the other no number counts
    assert timeline["score_a"].tolist() == [0.5, 0.75] and timeline[["score", "score_b,c"]].isna().all(axis=None)
    (document, _) = json.loads((tmp_path / "predictions.json").read_text())["files"]
    assert document["persons"][0]["clips"][1]["scores"] == [0.75, 0.25]
    assert document["detectors"][1] == {
        "detector": "b,c", "score": None, "because": "too short", "person": None, "num_clips": 0, "raw_score": 0.25,
    }  # fmt: skip


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
