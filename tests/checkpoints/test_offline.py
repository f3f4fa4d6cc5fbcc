"""Without any connection, a network whose weights are at hand can be built."""

import socket
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

from deepfake import load_detector
from deepfake.checkpoints import read_checkpoint
from deepfake.checkpoints.initial_model import build_model
from deepfake.errors import WeightsError
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content
from tests.conftest import TINY, Run
from tests.models.test_detector import model_config

EFFNET = ["model=effnet", "model.backbone.name=test_efficientnet.r160_in1k"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make every connection fail at once, and empty the caches of hubs."""

    connect = socket.socket.connect

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no way to a network in this test")

    def only_here(self: socket.socket, address: Any) -> None:
        connect(self, address) if self.family == socket.AF_UNIX else refuse()  # connections between our own processes

    monkeypatch.setattr(socket.socket, "connect", only_here)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "a.ckpt"
    torch.save(content(*EFFNET, "model.backbone.pretrained=false"), path)
    return path


def test_a_new_network_would_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the pause between two attempts
    with pytest.raises(Exception, match="cannot be downloaded") as error:
        build_model(model_config(*EFFNET))
    assert isinstance(error.value.__cause__ or error.value, WeightsError)


@pytest.mark.parametrize("pretrained", [True, None])
def test_a_card_that_asks_for_published_weights_is_built_without(pretrained: bool | None, checkpoint: Path) -> None:
    found = torch.load(checkpoint, weights_only=True)
    backbone = found[CARD]["model"]["backbone"]
    del backbone["pretrained"]
    if pretrained is not None:
        backbone |= {"pretrained": pretrained, "weights": "/nowhere.pth"}
    torch.save(found, checkpoint)
    state = load_detector(checkpoint).state_dict()
    assert all(torch.equal(value, found["state_dict"][f"detector.{key}"]) for key, value in state.items())


def test_a_resumed_run_builds_its_network_from_the_checkpoint_alone(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resumed = read_checkpoint(checkpoint)
    size = "model.size=32"
    fresh = build_model(model_config(*EFFNET, size), resumed)  # pretrained=true, as when the run started
    assert {key: value.shape for key, value in fresh.state_dict().items()} == {
        key: value.shape for key, value in resumed.state.items()
    }
    gone = model_config(*EFFNET, size, f"model.weights={tmp_path / 'gone.ckpt'}", "model.margin=2.0")
    with caplog.at_level("INFO"):
        assert build_model(gone, resumed).spec == load_detector(checkpoint).spec
    assert "model.margin is 1.3, as in the checkpoint, and not 2.0" in caplog.text


def test_an_efficientnet_run_is_resumed(
    script: Run, tmp_path: Path, demo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [*TINY, *EFFNET, "model.size=32"]
    with monkeypatch.context() as fetched:
        create = timm.create_model
        fetched.setattr(timm, "create_model", lambda name, pretrained, **options: create(name, **options))
        assert script("train", *options, "hydra.run.dir=first") == 0
    resume = f"resume='{tmp_path / 'first' / 'checkpoints' / 'epoch_001.ckpt'}'"
    assert script("train", *options, "hydra.run.dir=second", resume) == 0
    states = [read_checkpoint(tmp_path / run / "checkpoints" / "last.ckpt").state for run in ("first", "second")]
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
