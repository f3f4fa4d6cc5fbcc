"""Which calibration a checkpoint gets: that of its own scores, from beside it or from its card, and no other."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from deepfake.calibration import CalibrationFile, read_calibration, write_calibration
from deepfake.checkpoints import (
    Checkpoint,
    UnderTest,
    beside,
    beside_several,
    calibration_of,
    calibration_of_several,
    calibration_of_table,
    carry_calibration,
    read_checkpoint,
    read_several,
)
from deepfake.checkpoints.scoring_rule import rule_card
from deepfake.errors import CalibrationError
from deepfake.faces.settled_recipe import settled, stored_recipe
from deepfake.scoring import ScoringRule
from tests.calibration.test_calibration_file import made
from tests.checkpoints.test_checkpoint import content
from tests.checkpoints.test_several import saved

RULE = ScoringRule()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    torch.save(content("model=meso4", "faces=mtcnn"), tmp_path / "best.ckpt")
    return read_checkpoint(tmp_path / "best.ckpt")


@pytest.fixture
def faces(checkpoint: Checkpoint) -> dict[str, Any]:
    recipe = {
        name: value for name, value in checkpoint.card["faces"].items() if name not in ("extractor", "image_options")
    }
    return settled(recipe, Path("weights"))


@pytest.fixture
def file(checkpoint: Checkpoint, faces: dict[str, Any]) -> CalibrationFile:
    every = replace(RULE, tracks="all")
    learnt = [replace(made().learnt[0], rule=rule_card(rule)) for rule in (RULE, every)]
    of = {"checkpoint": checkpoint.digest, "faces": stored_recipe(faces)}
    return replace(made(), **of, learnt=tuple(learnt))


def test_the_one_beside_it_is_taken_then_that_of_its_card(
    checkpoint: Checkpoint, faces: dict[str, Any], file: CalibrationFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert calibration_of("auto", checkpoint, RULE, faces) is None
    assert "there is no" in caplog.text and "best.calibration.json; scripts/calibrate.py makes it" in caplog.text
    place = beside(checkpoint.path)
    plain = write_calibration(file, place)
    for rule in (RULE, replace(RULE, tracks="all"), replace(RULE, tracks="all", main_face="changed")):
        found = calibration_of("auto", checkpoint, rule, faces)
        assert found is not None and found.path == place and found.calibration == file.learnt[0].calibration
    assert "calibrated by platt, learnt on 60 real and 60 fake videos of val of demo (best.calib" in caplog.text

    weights = checkpoint.digest
    carry_calibration(checkpoint.path, weights, plain)
    carrying = read_checkpoint(checkpoint.path)
    assert carrying.digest == weights and carrying.content.keys() == checkpoint.content.keys()
    assert {**carrying.card, "calibration": None} == {**checkpoint.card, "calibration": None}
    place.unlink()
    found = calibration_of("auto", carrying, RULE, faces)
    assert found is not None and found.file == file and found.path == checkpoint.path
    # A file beside it that does not fit hides nothing.
    write_calibration(replace(file, checkpoint="b" * 64), place)
    found = calibration_of("auto", carrying, RULE, faces)
    assert found is not None and found.path == checkpoint.path
    assert calibration_of("none", carrying, RULE, faces) is None is calibration_of(None, carrying, RULE, faces)


def test_a_link_stays_a_link(checkpoint: Checkpoint, file: CalibrationFile, tmp_path: Path) -> None:
    (tmp_path / "link.ckpt").symlink_to("best.ckpt")
    plain = write_calibration(file, tmp_path / "a.json")
    carry_calibration(tmp_path / "link.ckpt", checkpoint.digest, plain)
    assert (tmp_path / "link.ckpt").is_symlink()
    assert read_checkpoint(checkpoint.path).card["calibration"]["schema_version"] == 1


def test_a_checkpoint_that_was_overwritten_meanwhile_is_left_alone(
    checkpoint: Checkpoint, file: CalibrationFile
) -> None:
    before = checkpoint.path.read_bytes()
    with pytest.raises(CalibrationError, match="has other weights than when its scores were measured"):
        carry_calibration(checkpoint.path, "b" * 64, asdict(file))
    assert checkpoint.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "rule", "tested", "message"),
    [
        ({"checkpoint": "b" * 64}, RULE, None, "is of another detector (weights bbbbbbbbbbbb, here "),
        ({"checkpoint": None}, RULE, None, "was learnt on a table, and nobody knows which detector"),
        ({"faces": {}}, RULE, None, "was learnt on other faces ("),
        ({}, replace(RULE, aggregate="max"), None, "another rule (aggregation is highest of the clips"),
        ({}, replace(RULE, clips_per_track=None), None, "another rule (clips_per_track is None, there 16)"),
        ({}, replace(RULE, main_face="changed"), None, "another rule (main_face is changed, there largest)"),
        ({}, RULE, UnderTest("demo", "people apart", True), "was learnt on val of demo, so it cannot be tested there"),
        ({}, RULE, UnderTest("demo", "another", False), "learnt on val of demo by another protocol ("),
    ],
)
def test_what_is_of_other_scores_is_refused_by_name_or_said(
    change: dict[str, Any],
    rule: ScoringRule,
    tested: UnderTest | None,
    message: str,
    checkpoint: Checkpoint,
    faces: dict[str, Any],
    file: CalibrationFile,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = beside(checkpoint.path)
    write_calibration(replace(file, **change), place)
    with pytest.raises(CalibrationError) as caught:
        calibration_of(place, checkpoint, rule, faces, tested)
    assert message in str(caught.value) and str(place) in str(caught.value) and "\n" not in str(caught.value)
    assert calibration_of("auto", checkpoint, rule, faces, tested) is None
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.getMessage() == f"scores are not calibrated: {caught.value}"


@pytest.fixture
def several(tmp_path: Path) -> dict[str, Checkpoint]:
    return read_several([saved(tmp_path / "a.ckpt"), saved(tmp_path / "b.ckpt", bias=1.0)])


@pytest.fixture
def of_several(several: dict[str, Checkpoint], faces: dict[str, Any]) -> CalibrationFile:
    a, b = (each.digest for each in several.values())
    rules, weights = {b: rule_card(RULE), a: rule_card(replace(RULE, aggregate="max"))}, {b: 0.25, a: 0.75}
    learnt = replace(made().learnt[0], rule=rules, weights=weights)
    return replace(made(), checkpoint=None, faces=stored_recipe(faces), learnt=(learnt,))


RULES = {"a": replace(RULE, aggregate="max"), "b": RULE}


def test_that_of_several_has_their_weights_in_their_order(
    several: dict[str, Checkpoint],
    of_several: CalibrationFile,
    faces: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    assert calibration_of_several("auto", several, RULES, faces) is None
    assert "there is no" in caplog.text and "a+b.calibration.json; scripts/calibrate.py makes it" in caplog.text
    place = beside_several(several)
    assert place == several["a"].path.with_name("a+b.calibration.json")
    write_calibration(of_several, place)
    assert read_calibration(place) == of_several
    for given in ("auto", str(place)):
        found = calibration_of_several(given, several, RULES, faces)
        assert found is not None and found.weights == (0.75, 0.25)
        assert found.calibration == of_several.learnt[0].calibration
    assert calibration_of_several("none", several, RULES, faces) is None


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("one of two", "is of 2 detectors together, and here is one: scripts/calibrate.py checkpoint="),
        ("two of one", "is of one detector, and here are 2: scripts/calibrate.py checkpoint=["),
        ("another", "is of another detector (weights "),
        ("table", "was learnt on a table, and nobody knows which detector"),
        ("rules swapped", "was learnt by another rule (aggregation is mean of the clips of a track"),
        ("faces", "was learnt on other faces ("),
    ],
)
def test_that_of_other_sets_is_refused_by_name(
    case: str,
    message: str,
    several: dict[str, Checkpoint],
    of_several: CalibrationFile,
    file: CalibrationFile,
    faces: dict[str, Any],
    tmp_path: Path,
) -> None:
    path, rules = tmp_path / "given.json", RULES
    if case == "rules swapped":
        rules = {"a": RULES["b"], "b": RULES["a"]}
    elif case == "another":
        several = read_several([several["a"].path, saved(tmp_path / "b.ckpt", bias=2.0)])
    write_calibration(
        {
            "two of one": file,
            "table": replace(file, checkpoint=None),
            "faces": replace(of_several, faces={}),
        }.get(case, of_several),
        path,
    )

    def asked() -> object:
        if case == "one of two":
            return calibration_of(path, several["a"], RULE, faces)
        return calibration_of_several(path, several, rules, faces)

    with pytest.raises(CalibrationError) as caught:
        asked()
    assert message in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_of_several_is_whole(of_several: CalibrationFile, tmp_path: Path) -> None:
    learnt, (a, b) = of_several.learnt[0], of_several.detectors
    for change in (
        {"learnt": (replace(learnt, weights={a: 0.75, b: 0.25}), made().learnt[0])},
        {"checkpoint": "c" * 64},
    ):
        with pytest.raises(ValueError, match="it is of other detectors by one rule than by another"):
            replace(of_several, **change)
    with pytest.raises(ValueError, match="its weights do not sum to 1"):
        replace(learnt, weights={a: 0.75, b: 0.5})
    with pytest.raises(ValueError, match="it has not one rule for each weight"):
        replace(learnt, rule={a: learnt.rule[a]})


def test_a_tables_calibration_is_for_other_tables(tmp_path: Path, of_several: CalibrationFile) -> None:
    path, said = tmp_path / "a.json", "mean of the clips of a track, highest of the tracks"
    table = replace(made(), checkpoint=None, faces=None, data={"predictions": "val.csv", "digest": "d"})
    write_calibration(table, path)
    assert calibration_of_table(path, said, "e").calibration == table.learnt[0].calibration
    with pytest.raises(CalibrationError, match="was learnt on this very table"):
        calibration_of_table(path, said, "d")
    with pytest.raises(CalibrationError, match="by another rule \\(aggregation is median"):
        calibration_of_table(path, "median", "e")
    for of_checkpoints in (made(), of_several):
        write_calibration(of_checkpoints, path)
        with pytest.raises(CalibrationError, match="is of a checkpoint's scores, and nobody knows"):
            calibration_of_table(path, said, "e")
