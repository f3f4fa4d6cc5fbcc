"""Checkpoints that are damaged, have diverged, or are older than the digest."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from deepfake import load_detector
from deepfake.checkpoints import read_checkpoint
from deepfake.errors import CheckpointError
from deepfake.models.digest import digest
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content
from tests.conftest import SMALL_DEMO, TINY, Run

CLIPS = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def whole() -> dict[str, Any]:
    """Return a checkpoint with an optimizer's state, as a run leaves it."""
    found = content()
    parameters = [value.requires_grad_() for value in load_state(found).values() if value.is_floating_point()]
    optimizer = torch.optim.Adam(parameters)
    sum(value.sum() for value in parameters).backward()  # type: ignore[union-attr]
    optimizer.step()
    return {**content(), "optimizer_states": [optimizer.state_dict()]}


def load_state(content: dict[str, Any]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in content["state_dict"].items()}


def logits(path: Path) -> Tensor:
    with torch.no_grad():
        return load_detector(path)(CLIPS)


@pytest.mark.parametrize("num_bytes", [1, 20])
def test_flipped_bytes_are_an_error_or_the_same_score(num_bytes: int, whole: dict[str, Any], tmp_path: Path) -> None:
    path, damaged = tmp_path / "whole.ckpt", tmp_path / "damaged.ckpt"
    torch.save(whole, path)
    content, expected = path.read_bytes(), logits(path)
    rng = np.random.default_rng(num_bytes)
    messages = []
    for part in np.array_split(np.arange(len(content)), 40):  # headers, words, tensors and the directory at the end
        flipped = bytearray(content)
        for place in rng.choice(part, num_bytes, replace=False):
            flipped[place] ^= rng.integers(1, 256)
        damaged.write_bytes(flipped)
        try:
            assert torch.equal(logits(damaged), expected)
        except CheckpointError as error:
            messages.append(str(error))
    assert all("damaged.ckpt" in message and "\n" not in message for message in messages)
    assert len(messages) > 20


def test_the_digest_sees_what_checksums_do_not(whole: dict[str, Any], tmp_path: Path) -> None:
    """Such damage was packed into a new file, or happened in memory while the file was written."""
    for name, value in whole["state_dict"].items():
        state = load_state(whole)
        state[name] = value + 1
        torch.save({**whole, "state_dict": state}, tmp_path / "a.ckpt")
        with pytest.raises(CheckpointError, match="a.ckpt is damaged: its weights do not match the digest"):
            read_checkpoint(tmp_path / "a.ckpt")


def test_a_card_without_a_digest_is_read_and_that_is_said_once(
    whole: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = {name: value for name, value in whole[CARD].items() if name != "digest"}
    torch.save({**whole, CARD: card}, tmp_path / "a.ckpt")
    load_detector(tmp_path / "a.ckpt")
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/a.ckpt is older than the digest of a checkpoint's weights: damage would go unnoticed"
    ]


def saved_again(source: Path, target: Path, change: Any) -> Path:
    """Save a run's checkpoint with changed weights and their digest."""
    found = torch.load(source, weights_only=True)
    change(found["state_dict"])
    found[CARD]["digest"] = digest(found["state_dict"])
    torch.save(found, target)
    return target


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_are_one_line_everywhere(
    value: float, model: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    diverged = saved_again(model, tmp_path / "nan.ckpt", lambda state: state["detector.head.4.bias"].fill_(value))
    for stage, *arguments in (
        ("predict", f"checkpoint={diverged}", f"input={demo_root}"),
        ("evaluate", f"checkpoint={diverged}", *SMALL_DEMO),
        ("train", *TINY, f"resume={diverged}"),
        ("train", *TINY, f"model.weights={diverged}"),
    ):
        capfd.readouterr()
        assert script(stage, *arguments) == 1
        error = capfd.readouterr().err
        assert f"error: {diverged} holds numbers that are not finite, 1 of 1 in detector.head.4.bias" in error
        assert "Traceback" not in error


def test_scores_that_are_no_numbers_are_one_line(
    model: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The weights are finite, but too large to be multiplied."""

    def grow(state: dict[str, Tensor]) -> None:
        for layer in (1, 4):
            state[f"detector.head.{layer}.weight"].fill_(3e38)

    large = saved_again(model, tmp_path / "large.ckpt", grow)
    common = [f"checkpoint={large}", "loader.num_workers=0", "extract.num_workers=1"]
    for stage, *arguments in (
        ("predict", *common, f"input={demo_root / 'real' / 'p04_a.mp4'}", "output=out"),
        ("evaluate", *common, *SMALL_DEMO, "hydra.run.dir=out"),
    ):
        capfd.readouterr()
        assert script(stage, *arguments) == 1
        error = capfd.readouterr().err
        assert "scores are NaN" in error and "Traceback" not in error
        assert not list(tmp_path.rglob("predictions.csv"))


def test_a_training_that_diverges_ends_with_the_step_and_the_cures(
    demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", *TINY, "optimizer.lr=1e9", "loader.batch_size=2", "hydra.run.dir=out") == 1
    error = capfd.readouterr().err
    assert "error: the loss is NaN or infinite in epoch 1, step " in error and "lower optimizer.lr" in error
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.ckpt"))
