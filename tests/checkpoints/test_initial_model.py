from pathlib import Path

import pytest
import torch

from deepfake import load_detector
from deepfake.checkpoints.initial_model import build_model, cut_of
from deepfake.config.model_name import model_name
from deepfake.config.plain import plain
from deepfake.errors import CheckpointError, ConfigError, WeightsError
from deepfake.models.detector import Detector
from tests.checkpoints.test_checkpoint import content
from tests.models.test_detector import SHIPPED, model_config


def build(*overrides: str) -> Detector:
    torch.manual_seed(9)
    return build_model(model_config("model.size=32", *overrides))


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["model=meso4"], "meso4"),
        (["model=meso4_v1"], "meso4_v1"),
        (["model=meso4_lstm"], "meso4_lstm"),
        (["model=effnet"], "tf_efficientnet_b4"),
        (["model=effnet_lstm", "model.backbone.name=resnet18"], "resnet18_lstm"),
        (["model=meso4", "model/backbone=mesoinception4"], "mesoinception4"),
        (["model=meso4", "model/backbone=timm", "model.backbone.name=resnet18.a1_in1k"], "resnet18"),
        (["model=meso4_lstm", "model/temporal=mean"], "meso4"),
        (["model=meso4", "model/temporal=lstm", "model/head=linear"], "meso4_lstm"),
        (["model=effnet", "model.backbone.name=../x"], "timm"),
        (["model=effnet", "model.backbone.name=x/../y"], "x-"),
    ],
)
def test_a_model_is_named_for_what_it_is(overrides: list[str], name: str) -> None:
    assert model_name(model_config(*overrides)) == name


def test_no_two_models_that_ship_have_one_name() -> None:
    assert len({model_name(model_config(f"model={model}")) for model in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("part", ["backbone", "temporal"])
def test_a_model_without_a_part_has_no_name(part: str) -> None:
    config = plain(model_config())
    for node in (None, {}, "resnet18"):
        with pytest.raises(ConfigError, match=f"model.{part} names no class"):
            model_name({**config, part: node})
    del config[part]
    with pytest.raises(ConfigError, match=f"model.{part} names no class"):
        model_name(config)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "start.ckpt"
    torch.save(content(), path)
    return path


def test_it_begins_with_all_the_weights(checkpoint: Path) -> None:
    begun = build(f"model.weights={checkpoint}").state_dict()
    assert all(torch.equal(value, begun[key]) for key, value in load_detector(checkpoint).state_dict().items())
    assert not torch.equal(begun["head.1.weight"], build().state_dict()["head.1.weight"])


def test_what_weights_do_not_depend_on_is_free(checkpoint: Path) -> None:
    changed = build(f"model.weights={checkpoint}", "model.head.dropout=0.1", "representation.clip_length=4")
    assert changed.head[0].p == 0.1
    assert changed.spec.clip_length == 4


def test_the_cut_comes_with_the_weights_and_is_said(checkpoint: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = model_config("model.size=32", f"model.weights={checkpoint}", "model.margin=1.0", "model.shape=box")
    with caplog.at_level("INFO"):
        begun = build_model(config)
    assert (
        cut_of(begun) == {"margin": begun.spec.margin, "shape": begun.spec.shape} == {"margin": 1.3, "shape": "square"}
    )
    assert (config.margin, config.shape) == (1.0, "box")  # the stage says what becomes of it
    assert "model.margin is 1.3, as in the checkpoint, and not 1.0" in caplog.text


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["+model.backbone.std=[0.5,0.5,0.5]"], r"std is \(1.0, 1.0, 1.0\) there, but \(0.5, 0.5, 0.5\) here; choose"),
        (["model.size=64"], "needs another input: size is 32 there, but 64 here; add model.size=32$"),
        (["model.head.hidden_size=8"], r"another network: head.1 is Linear\(in_features=16, out_features=16"),
        (["+model.backbone.norm_eps=1e-5"], r"another network: backbone.blocks.0.2 is BatchNorm2d\(8, eps=0.001"),
        (["+model.backbone.conv_bias=false"], r"another network: backbone.blocks.0.0 is Conv2d"),
        (["model=mesoinception4"], "another network: .* choose the model that it was trained as"),
        (["model=meso4_lstm"], "another network: temporal"),
    ],
)
def test_another_network_or_input_is_refused(overrides: list[str], message: str, checkpoint: Path) -> None:
    with pytest.raises(WeightsError, match=message):
        build(f"model.weights={checkpoint}", *overrides)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        build(f"model.weights={tmp_path / 'nothing.ckpt'}")


def test_a_checkpoint_replaces_the_published_weights(tmp_path: Path) -> None:
    options = ["model=effnet", "model.backbone.name=test_efficientnet"]
    torch.save(content(*options, "model.backbone.pretrained=false"), tmp_path / "start.ckpt")
    begun = build(*options, f"model.weights={tmp_path / 'start.ckpt'}")  # pretrained=true, and nothing is downloaded
    started = load_detector(tmp_path / "start.ckpt").state_dict()
    assert all(torch.equal(value, started[key]) for key, value in begun.state_dict().items())
