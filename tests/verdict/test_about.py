"""What a card says of a detector, also where its card comes from an older version."""

from pathlib import Path
from typing import Any

import pytest
import torch

from deepfake.checkpoints import read_checkpoint
from deepfake.errors import CheckpointError
from deepfake.task import CARD
from deepfake.verdict.about import about
from tests.checkpoints.test_checkpoint import content


def saved(folder: Path, coverage: Any) -> Path:
    whole = content()
    data = {**whole[CARD]["data"], "coverage": coverage}
    torch.save({**whole, CARD: {**whole[CARD], "data": data}}, folder / "a.ckpt")
    return folder / "a.ckpt"


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ({}, "(protocol "),
        ({"train": {"videos": 9, "scored": 8}}, "train 8 of 9 videos."),
        ({"train": {"videos": 8, "scored": 8, "scored_real": 3, "scored_fake": 5}}, "train 8 videos (3 real, 5 fake)."),
    ],
)
def test_it_says_what_is_known_of_the_training(coverage: Any, said: str, tmp_path: Path) -> None:
    found = about({"a": read_checkpoint(saved(tmp_path, coverage))}, (1.0,), None)
    assert said in found.trained
    assert "not calibrated" in found.calibrated and "How well it does is not known here" in found.measured


@pytest.mark.parametrize(
    "coverage", [{"train": 3}, {"train": {}}, [], "x", None, {"train": {"videos": 1, "scored": "x"}}]
)
def test_coverage_of_another_kind_is_refused_in_one_line(coverage: Any, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="a.ckpt.*coverage") as error:
        read_checkpoint(saved(tmp_path, coverage))
    assert "\n" not in str(error.value)


def test_of_several_it_names_each_with_its_weight(tmp_path: Path) -> None:
    checkpoints = {name: read_checkpoint(saved(tmp_path, {})) for name in ("a", "b")}
    found = about(checkpoints, (0.75, 0.25), None)
    assert found.name.startswith("a mean of 2, by the logits of each person: a, a meso4, which sees single frames of ")
    assert "(weight 0.750); b, a meso4" in found.name and found.name.endswith("(weight 0.250)")
    assert found.trained.startswith("a: It was trained on demo") and " b: It was trained on demo" in found.trained


def test_it_says_what_blur_and_compression_it_was_trained_on(tmp_path: Path) -> None:
    whole = content()
    quality = {"clips": 80, "sharpness": 0.04, "block_grid": 0.15}
    torch.save({**whole, CARD: {**whole[CARD], "quality": quality}}, tmp_path / "a.ckpt")
    known = read_checkpoint(tmp_path / "a.ckpt")
    assert "1.25 times less sharp than 99 % of 80 training clips" in about({"a": known}, [1.0], None).seen
    torch.save({**whole, CARD: {**whole[CARD], "quality": {**quality, "block_grid": -3.0}}}, tmp_path / "b.ckpt")
    with pytest.raises(CheckpointError, match="block_grid"):
        read_checkpoint(tmp_path / "b.ckpt")
    unknown = read_checkpoint(saved(tmp_path, {}))
    both = about({"a": known, "b": unknown}, [0.5, 0.5], None).seen
    assert "a: A face that is" in both and "b: How blurred" in both
