"""The file of a calibration: it comes back as it was, and whatever is no such file is refused in one line."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfake.calibration import (
    CalibrationFile,
    CalibrationMethod,
    Learnt,
    fit_calibration,
    from_plain,
    read_calibration,
    write_calibration,
)
from deepfake.errors import CalibrationError
from tests.calibration.drawn import drawn_videos


def made(method: CalibrationMethod = "platt") -> CalibrationFile:
    found = fit_calibration(*drawn_videos(60, 60)[:2], method)
    rule = {"aggregate": "mean", "aggregation": "mean of the clips of a track, highest of the tracks"}
    learnt = Learnt(rule, {"videos": 120, "scored": 120}, found)
    return CalibrationFile(1, "a" * 64, {"num_segments": 4}, {"corpus": "demo"}, "people", (learnt,))


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_it_comes_back_as_it_was(method: CalibrationMethod, tmp_path: Path) -> None:
    file = made(method)
    plain = write_calibration(file, tmp_path / "a.json")
    assert read_calibration(tmp_path / "a.json") == file == from_plain(plain, "the card")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_made_and_what_is_replaced_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    place = tmp_path / "new" / "a.json"
    write_calibration(made("platt"), place)
    assert not caplog.text
    write_calibration(made("isotonic"), place)
    assert f"replaced: {place}" in caplog.text and read_calibration(place) == made("isotonic")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:99], "is no calibration, or is damaged (Invalid JSON"),
        (lambda text: "", "is no calibration, or is damaged (Invalid JSON"),
        (lambda text: "[" * 100_000, "is no calibration, or is damaged (Invalid JSON: recursion limit"),
        (lambda text: "[]", "is no calibration, or is damaged"),
        (lambda text: "{}", "is no calibration: it has no schema_version"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "another version of this project"),
        (lambda text: text.replace('"slope": ', '"slope": -'), "calibrator.slope is -"),
        (lambda text: text.replace('"intercept": ', '"intercept": 1e400, "x": '), "calibrator.intercept is inf"),
        (lambda text: text.replace('"intercept": ', '"intercept": NaN, "x": '), "calibrator.intercept is nan"),
        (lambda text: text.replace('"platt"', '"isotonic"'), "isotonic with 0 knots"),
        (lambda text: text.replace('"platt"', '"os.system"'), "calibrator.method is 'os.system'"),
        (lambda text: text.replace("not conclusive", "guilty"), "its bands are not those of this version"),
        (lambda text: text.replace('"low": 0.9', '"low": 0.1'), "its bands are not those of this version"),
        (lambda text: text.replace('"eer"', '"fpr"'), "its thresholds are not balanced_accuracy, eer"),
        (lambda text: text.replace('"prior": 0.5', '"prior": "0.5"'), "prior is '0.5'"),
        (lambda text: text.replace('"prior": 0.5', '"prior": 1'), "prior is 1"),
        (lambda text: text.replace('"' + "a" * 64, '"../../best'), "checkpoint is '../../best'"),
        (lambda text: text.replace('"checkpoint"', '"' + "x" * 100_000 + '"'), "it has no checkpoint"),
    ],
)
def test_what_is_damaged_or_forged_is_one_line(change: Callable[[str], str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_calibration(made(), path)
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    with pytest.raises(CalibrationError) as caught:
        read_calibration(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and message in said and "\n" not in said and len(said) < 400


def test_what_is_no_file_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")  # opening it would wait for ever
    (tmp_path / "large.json").touch()
    os.truncate(tmp_path / "large.json", 10**9)
    for name, message in (("", "is no file"), ("pipe.json", "is no file"), ("none.json", "does not exist")):
        with pytest.raises(CalibrationError, match=message):
            read_calibration(tmp_path / name)
    with pytest.raises(CalibrationError, match="has more than 20,000,000 bytes"):
        read_calibration(tmp_path / "large.json")


def test_the_fields_are_those_that_the_documentation_lists(tmp_path: Path) -> None:
    write_calibration(made(), tmp_path / "a.json")
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text()
    section = page[page.index("## Calibration") : page.index("## The page")]
    content = json.loads((tmp_path / "a.json").read_text())
    for name in (*content, *content["learnt"][0], *content["learnt"][0]["calibration"]):
        assert f"`{name}`" in section, name
