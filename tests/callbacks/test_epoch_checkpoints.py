"""Which epochs' checkpoints a training leaves, and that it goes on from each of them."""

from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from deepfake.callbacks.epoch_checkpoints import EpochCheckpoints


class Line(LightningModule):
    """One weight, which is drawn towards 0."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        return (self.weight * batch).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def train(folder: Path, keep: object, epochs: int, resume: Path | None = None) -> Line:
    callback = EpochCheckpoints(folder, keep)  # type: ignore[arg-type]
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = Trainer(max_epochs=epochs, callbacks=[callback], default_root_dir=folder, **quiet)  # type: ignore[arg-type]
    task = Line()
    trainer.fit(task, DataLoader(torch.ones(4)), ckpt_path=resume, weights_only=True)  # type: ignore[arg-type]
    return task


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("all", ["epoch_001.ckpt", "epoch_002.ckpt", "epoch_003.ckpt", "epoch_004.ckpt", "last.ckpt"]),
        (2, ["epoch_003.ckpt", "epoch_004.ckpt", "last.ckpt"]),
        (9, ["epoch_001.ckpt", "epoch_002.ckpt", "epoch_003.ckpt", "epoch_004.ckpt", "last.ckpt"]),
        ("best", ["last.ckpt"]),
    ],
)
def test_what_is_kept(keep: object, kept: list[str], tmp_path: Path) -> None:
    train(tmp_path, keep, 4)
    assert names(tmp_path) == kept


@pytest.mark.parametrize(("keep", "kept"), [(2, ["epoch_003.ckpt", "epoch_004.ckpt"]), ("best", [])])
def test_what_an_earlier_part_of_the_run_has_left_is_removed_too(keep: object, kept: list[str], tmp_path: Path) -> None:
    tmp_path.joinpath("epoch_notes.ckpt").touch()
    for number in (1, 2):
        tmp_path.joinpath(f"epoch_{number:03d}.ckpt").touch()
    train(tmp_path, keep, 4)
    assert names(tmp_path) == sorted([*kept, "epoch_notes.ckpt", "last.ckpt"])


def test_the_name_counts_epochs_from_1(tmp_path: Path) -> None:
    train(tmp_path, "all", 2)
    steps = {name: torch.load(tmp_path / name, weights_only=True)["global_step"] for name in names(tmp_path)}
    assert steps == {"epoch_001.ckpt": 4, "epoch_002.ckpt": 8, "last.ckpt": 8}


@pytest.mark.parametrize("same_folder", [True, False])
def test_a_run_that_goes_on_removes_as_one_that_was_not_stopped(same_folder: bool, tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", 2, 4)
    train(tmp_path / "cut", 2, 3)
    assert names(tmp_path / "cut") == ["epoch_002.ckpt", "epoch_003.ckpt", "last.ckpt"]
    folder = tmp_path / ("cut" if same_folder else "new")
    resumed = train(folder, 2, 4, tmp_path / "cut" / "last.ckpt")
    assert torch.equal(whole.weight, resumed.weight)
    assert names(folder) == [*(["epoch_003.ckpt"] if same_folder else []), "epoch_004.ckpt", "last.ckpt"]
