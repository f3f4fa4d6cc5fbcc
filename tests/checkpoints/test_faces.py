"""A checkpoint's recipe of faces is used without options, changed by single options, and every difference is logged."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from deepfake.checkpoints import Checkpoint
from deepfake.checkpoints.card import upgraded
from deepfake.checkpoints.faces import faces_of
from deepfake.errors import CheckpointError, ConfigError, WeightsError
from deepfake.faces.finders.weights import digest_of
from deepfake.faces.settled_recipe import carried_recipe, settled, with_weights
from tests.conftest import SMALL_DEMO, Run
from tests.faces.test_settled_recipe import PUBLISHED, faces, save

COMMON = ["loader.num_workers=0", "loader.batch_size=8", "sampling.eval_clips_per_track=2", "extract.num_workers=1"]


def checkpoint(recipe: dict[str, Any]) -> Checkpoint:
    return Checkpoint(Path("a.ckpt"), {"faces": recipe}, {}, {})


def carried(weights_dir: Path, *options: str) -> Checkpoint:
    """Return a checkpoint of a run with these options."""
    return checkpoint(carried_recipe(with_weights(settled(faces(*options), weights_dir))))


def given(**options: Any) -> DictConfig:
    return OmegaConf.create({"num_segments": None, "finder": {"max_size": None, "weights": None}} | options)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder of weights that holds the published file."""
    return save(tmp_path / "weights" / PUBLISHED, 0).parent


def test_without_an_option_it_is_the_checkpoints(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = settled(faces("faces=retinaface_mobilenet", "faces.num_segments=3"), home)
    for options in (None, given()):
        found, differing = faces_of(carried(home, "faces=retinaface_mobilenet", "faces.num_segments=3"), options, home)
        assert found == asked and differing == {}
    assert not caplog.records


def test_options_are_put_in_one_by_one_and_said(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = carried(home, "faces=retinaface_mobilenet", "faces.num_segments=3")
    found, differing = faces_of(whole, given(num_segments=8, finder={"max_size": 640}), home)
    changed = ["faces=retinaface_mobilenet", "faces.num_segments=8", "faces.finder.max_size=640"]
    assert found == settled(faces(*changed), home)
    assert differing == {
        "faces.num_segments": {"here": 8, "checkpoint": 3},
        "faces.finder.max_size": {"here": 640, "checkpoint": 960},
    }
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert messages == [
        "faces.num_segments is 8, but 3 in the checkpoint",
        "faces.finder.max_size is 640, but 960 in the checkpoint",
    ]


def test_a_whole_recipe_takes_the_place_of_the_checkpoints(home: Path) -> None:
    whole = carried(home, "faces=retinaface_mobilenet", "faces.num_segments=3")
    named = faces("faces=mtcnn")
    found, differing = faces_of(whole, OmegaConf.create(named), home)
    assert found == settled(named, home)
    assert list(differing) == ["faces.num_segments", "faces.finder"]
    assert differing["faces.finder"]["here"].startswith("Mtcnn(min_face_size=40, thresholds=[0.6, 0.7, 0.7], ")
    assert differing["faces.finder"]["checkpoint"].startswith("RetinaFaceMobileNet(max_size=960, ")


def test_an_option_of_another_finder_is_refused(home: Path) -> None:
    with pytest.raises(
        ConfigError, match="RetinaFaceMobileNet has no option faces.finder.thresholds; its options are "
    ):
        faces_of(carried(home, "faces=retinaface_mobilenet"), given(finder={"thresholds": [0, 0, 0]}), home)


def test_weights_are_found_by_their_digest(home: Path) -> None:
    whole = carried(home, "faces=retinaface_mobilenet")
    right = (home / PUBLISHED).rename(home / "of_last_year.pth")
    save(home / PUBLISHED, 1)
    found, differing = faces_of(whole, given(), home)
    assert found["finder"]["weights"] == str(right) and differing == {}
    assert with_weights(found) == found


def test_weights_that_are_missing_are_named(home: Path) -> None:
    whole = carried(home, "faces=retinaface_mobilenet")
    digest = digest_of([home / PUBLISHED])
    found, differing = faces_of(whole, given(), home / "none")  # a complete store needs no finder
    assert differing == {}
    with pytest.raises(WeightsError, match=f"a file {PUBLISHED} with the digest {digest}, and {home}/none does not"):
        with_weights(found)
    save(home / PUBLISHED, 1)
    with pytest.raises(WeightsError, match=f"needs weights with the digest {digest}.* {PUBLISHED} there has"):
        with_weights(faces_of(whole, given(), home)[0])


def test_other_weights_that_are_given_are_taken_and_said(home: Path) -> None:
    whole = carried(home, "faces=retinaface_mobilenet")
    other = save(home / "other.pth", 1)
    found, differing = faces_of(whole, given(finder={"weights": str(other)}), home)
    assert found["finder"]["weights"] == str(other)
    digests = {"here": digest_of([other]), "checkpoint": digest_of([home / PUBLISHED])}
    assert differing == {"faces.finder.weights_digest": digests}


def test_a_checkpoint_of_another_extractor_is_said(home: Path) -> None:
    card = carried(home, "faces=mtcnn").card["faces"]
    newer = {**card, "extractor": 99, "image_options": {"quality": 1}}
    differing = faces_of(checkpoint(newer), given(), home)[1]
    assert differing["faces.extractor"]["checkpoint"] == 99
    assert differing["faces.image_options"]["checkpoint"] == {"quality": 1}
    differing = faces_of(checkpoint(newer), given(image_format="png"), home)[1]
    assert list(differing) == ["faces.image_format", "faces.extractor"]


@pytest.mark.parametrize("word", ["detector", "finder"])
def test_a_card_of_format_1_is_read(word: str, home: Path) -> None:
    """Finders were called detectors, were one package higher, and their weights were not recorded."""
    old = {name: value for name, value in faces("faces=retinaface_mobilenet").items() if name != "finder"}
    finder = {"_target_": "deepfake.faces.retinaface_mobilenet.RetinaFaceMobileNet", "max_size": 640}
    card = upgraded({"format": 1, "faces": {**old, word: finder}})
    assert card["format"] == 2
    found, differing = faces_of(checkpoint(card["faces"]), given(), home)
    assert found == settled(faces("faces=retinaface_mobilenet", "faces.finder.max_size=640"), home)
    assert differing["faces.finder.weights_digest"]["checkpoint"] == "unknown"
    with pytest.raises(WeightsError, match=f"needs its weights, a file {PUBLISHED}, and"):
        faces_of(checkpoint(card["faces"]), given(), home / "none")


def test_a_card_of_today_is_not_changed() -> None:
    card = {"format": 2, "faces": {"finder": {"_target_": "deepfake.faces.mtcnn.Mtcnn"}}}
    assert upgraded(card) == card
    assert upgraded({"format": 1, "faces": 7}) == {"format": 1, "faces": 7}


@pytest.mark.parametrize("target", ["os.system", "pathlib.Path.touch", "deepfake.faces.crop.crop"])
def test_a_forged_finder_is_refused(target: str, tmp_path: Path) -> None:
    forged = {"finder": {"_target_": "deepfake.faces.finders.mtcnn.Mtcnn", "thresholds": {"_target_": target}}}
    with pytest.raises(CheckpointError, match="not a face finder of this project: refused"):
        faces_of(checkpoint(forged), None, tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("num_segments", "x/../..", "faces.num_segments is 'x/../..': give a whole number"),
        ("margin", [1], r"faces.margin is \[1\]: give a number"),
        ("image_format", "/etc", "choose one of"),
        ("colour", "red", "faces has no option faces.colour"),
        ("finder.max_size", "640", "faces.finder.max_size is '640': give a whole number"),
        ("finder.colour", 1, "Mtcnn has no option faces.finder.colour"),
        ("finder.weights_digest", "../x", "weights_digest is '../x': give 32 digits"),
    ],
)
def test_a_strangers_recipe_is_no_way_out_of_the_store(key: str, value: object, message: str, tmp_path: Path) -> None:
    forged = copy.deepcopy(carried(tmp_path, "faces=mtcnn").card["faces"])
    (forged["finder"] if key.startswith("finder.") else forged)[key.removeprefix("finder.")] = value
    with pytest.raises(CheckpointError, match=f"a.ckpt has an invalid recipe of faces: .*{message}"):
        faces_of(checkpoint(forged), None, tmp_path)


@pytest.mark.parametrize("recipe", [None, 7, {}, {"finder": None}])
def test_a_card_without_a_recipe(recipe: Any, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"a\.ckpt has no recipe of faces"):
        faces_of(checkpoint(recipe), None, tmp_path)


def test_predict_and_evaluate_take_options_one_by_one(
    model: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"checkpoint={model}", "faces.num_segments=1", *COMMON]
    warning = "faces.num_segments is 1, but 2 in the checkpoint"
    video = [f"input={demo_root / 'real' / 'p04_a.mp4'}", "sampling.eval_clips_per_track=null", "output=out"]
    assert script("predict", *arguments, *video) == 0
    assert pd.read_csv(tmp_path / "out" / "predictions.csv")["num_clips"].tolist() == [8]  # one segment of eight frames
    assert warning in capfd.readouterr().out
    assert script("evaluate", *arguments, *SMALL_DEMO, "hydra.run.dir=tested") == 0
    assert warning in capfd.readouterr().out
    metrics = json.loads((tmp_path / "tested" / "metrics.json").read_text())
    assert metrics["faces_unlike_checkpoint"] == {"faces.num_segments": {"here": 1, "checkpoint": 2}}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("faces.num_segments=2.5", "faces.num_segments is 2.5: give a whole number"),
        ("faces.finder.nms_iou=0.3", "Mtcnn has no option faces.finder.nms_iou; "),
        ("faces.finder.weights=none.pth", "Mtcnn has no option faces.finder.weights; "),
    ],
)
def test_a_mistake_is_one_clear_line(
    option: str, message: str, model: Path, demo_root: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("predict", f"checkpoint={model}", f"input={demo_root}", option) == 1
    error = capfd.readouterr().err
    assert error.startswith(f"error: {message}") and "Traceback" not in error


def test_predict_finds_the_weights_of_training_or_says_which_are_missing(
    model: Path, home: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = torch.load(model, weights_only=True)
    options = ["faces=retinaface_mobilenet", "faces.num_segments=1", "faces.finder.max_size=64"]
    content["deepfake"]["faces"] = carried(home, *options).card["faces"]
    torch.save(content, tmp_path / "small.ckpt")
    arguments = [f"checkpoint={tmp_path / 'small.ckpt'}", f"input={demo_root / 'real' / 'p04_a.mp4'}", *COMMON]
    assert script("predict", *arguments, f"paths.weights_dir={home}", "output=out") == 0
    assert (tmp_path / "out" / "predictions.csv").exists()
    capfd.readouterr()
    assert script("predict", *arguments, f"paths.weights_dir={tmp_path / 'none'}") == 1
    error = capfd.readouterr().err
    assert f"error: RetinaFaceMobileNet needs its weights, a file {PUBLISHED} with the digest" in error
    assert f"{tmp_path / 'none'} does not hold it" in error and "Traceback" not in error
