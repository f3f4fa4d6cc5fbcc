import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir

from deepfake import load_detector
from deepfake.checkpoints import make_card
from deepfake.checkpoints.initial_model import build_model
from deepfake.config.plain import plain
from deepfake.errors import CheckpointError
from deepfake.faces.settled_recipe import carried_recipe, settled
from deepfake.models.digest import digest
from deepfake.task import CARD

CONF = Path(__file__).parents[2] / "conf"
DATA = {"corpus": "demo", "protocol": "demo", "fingerprint": "0123456789abcdef"}
SMALL = ["model.size=32", "paths.output_dir=.", "logger=csv"]


def content(*overrides: str) -> dict[str, Any]:
    """Return what a checkpoint of a run with these options holds."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", overrides=[*SMALL, *overrides])
    torch.manual_seed(0)
    detector = build_model(cfg.model)
    state = {f"detector.{key}": value for key, value in detector.state_dict().items()}
    card = make_card(cfg, detector.spec, DATA, carried_recipe(settled(plain(cfg.faces), Path("weights"))))
    return {"state_dict": state, CARD: {**card, "digest": digest(state)}, "epoch": 1}


@pytest.mark.parametrize("model", ["meso4", "meso4_lstm", "mesoinception4", "effnet", "effnet_lstm"])
def test_round_trip(model: str, tmp_path: Path) -> None:
    effnet = ["model.backbone.name=test_efficientnet", "model.backbone.pretrained=false"] if "eff" in model else []
    saved = content(f"model={model}", *effnet)
    torch.save(saved, tmp_path / "a.ckpt")
    detector = load_detector(tmp_path / "a.ckpt")
    assert not detector.training
    assert all(torch.equal(value, saved["state_dict"][f"detector.{k}"]) for k, value in detector.state_dict().items())
    spec = saved[CARD]["spec"]
    assert detector.spec.size == spec["size"] == 32
    assert list(detector.spec.mean) == spec["mean"]
    clips = torch.rand(2, detector.spec.clip_length, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(detector(clips), load_detector(tmp_path / "a.ckpt")(clips))


def test_a_card_leads_to_no_other_file(tmp_path: Path) -> None:
    torch.save(content(), tmp_path / "first.ckpt")
    card = content(f"model.weights={tmp_path / 'first.ckpt'}")[CARD]
    assert "weights" not in card["model"]
    assert card["config"]["model"]["weights"] == str(
        tmp_path / "first.ckpt"
    )  # the config still records where it started

    network = "test_efficientnet"
    effnet = content("model=effnet", f"model.backbone.name={network}", "model.backbone.pretrained=false")[CARD]
    assert effnet["model"]["backbone"] == {
        "_target_": "deepfake.models.backbones.timm.Timm", "name": network, "pretrained": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "torch.hub.load",
        "deepfake.models.detector.torch.hub.load",
        "deepfake.models.backbones.timm.timm.create_model",
        "deepfake.models.backbones.timm.load_state_dict",
        "deepfake.models.nothing.Nothing",
        "deepfake.models",
        "deepfake.store.write_atomic",
        7,
    ],
)
@pytest.mark.parametrize("place", ["detector", "backbone", "list"])
def test_a_forged_target_is_refused(target: object, place: str, tmp_path: Path) -> None:
    forged = copy.deepcopy(content())
    model = forged[CARD]["model"]
    {
        "detector": lambda: model.update(_target_=target),
        "backbone": lambda: model["backbone"].update(_target_=target),
        "list": lambda: model["backbone"].update(mean=[{"_target_": target}]),
    }[place]()
    torch.save(forged, tmp_path / "forged.ckpt")
    with pytest.raises(CheckpointError, match="not a model of this project: refused|_target_ is 7"):
        load_detector(tmp_path / "forged.ckpt")


@pytest.mark.parametrize(("key", "value"), [("spec", {"size": 1}), ("labels", {"real": 1, "fake": 0})])
def test_a_card_that_says_another_input_or_other_labels_is_refused(
    key: str, value: dict[str, int], tmp_path: Path
) -> None:
    forged = copy.deepcopy(content())
    forged[CARD][key].update(value)
    torch.save(forged, tmp_path / "other.ckpt")
    with pytest.raises(CheckpointError, match="was trained with the input"):
        load_detector(tmp_path / "other.ckpt")


@pytest.mark.parametrize(
    ("key", "value"),
    [("_args_", ["x"]), ("_recursive_", False), ("_convert_", "all"), ("size", "${oc.env:HOME}"), ("_mode_", 1)],
)
def test_other_tricks_of_a_config_are_refused(key: str, value: object, tmp_path: Path) -> None:
    forged = copy.deepcopy(content())
    forged[CARD]["model"]["backbone"][key] = value
    torch.save(forged, tmp_path / "forged.ckpt")
    with pytest.raises(CheckpointError, match="refused"):
        load_detector(tmp_path / "forged.ckpt")


def test_a_model_that_is_no_detector_is_refused(tmp_path: Path) -> None:
    forged = content()
    model = {**forged[CARD]["model"], "_target_": "deepfake.models.heads.LinearHead"}
    whole = {**model, "backbone": model, "temporal": model, "head": model, "num_features": 3}
    for wrong in (whole, {"_target_": "deepfake.models.heads.LinearHead", "num_features": 3}, None, [], {}):
        torch.save({**forged, CARD: {**forged[CARD], "model": wrong}}, tmp_path / "forged.ckpt")
        with pytest.raises(CheckpointError, match="has a card (whose|in which) model|without model"):
            load_detector(tmp_path / "forged.ckpt")


class Code:
    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (Path("executed"),)


def test_files_that_are_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content(), "whole.ckpt")
    with pytest.raises(CheckpointError, match=r"nothing.ckpt does not exist"):
        load_detector("nothing.ckpt")
    Path("cut.ckpt").write_bytes(Path("whole.ckpt").read_bytes()[:20_000])
    Path("text.ckpt").write_text("text")
    Path("empty.ckpt").touch()
    Path("code.ckpt").write_bytes(pickle.dumps(Code()))
    torch.save({**content(), "extra": Code()}, "extra.ckpt")
    for name in ("cut.ckpt", "text.ckpt", "empty.ckpt", "code.ckpt", "extra.ckpt"):
        with pytest.raises(CheckpointError, match=f"{name} cannot be read safely"):
            load_detector(name)
    assert not Path("executed").exists()


def test_checkpoints_of_others(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    whole = content()
    state, card = whole["state_dict"], whole[CARD]
    for foreign in ({"state_dict": state}, {CARD: card}, {CARD: 1, "state_dict": {}}, [1], torch.ones(1)):
        torch.save(foreign, path)
        with pytest.raises(CheckpointError, match="is not a checkpoint of this project"):
            load_detector(path)
    torch.save({**whole, CARD: {**whole[CARD], "format": 99}}, path)
    with pytest.raises(CheckpointError, match="has format 99, but this version reads 1 to 2"):
        load_detector(path)


def test_weights_that_do_not_fit_their_card(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    whole = content()
    state = whole["state_dict"]
    for bias, message in (
        (torch.ones(17), r"1 of another shape \(head.1.bias: found \(17,\), expected \(16,\)"),
        (None, r"1 of 32 missing \(head.1.bias"),
    ):
        del state["detector.head.1.bias"]
        state |= {} if bias is None else {"detector.head.1.bias": bias}
        torch.save({**whole, CARD: {**whole[CARD], "digest": digest(state)}}, path)
        with pytest.raises(CheckpointError, match=message):
            load_detector(path)
