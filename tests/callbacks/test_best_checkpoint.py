"""The epoch that is kept is the best by its metric, then by its log-loss; the first, if several are equal in both."""

import math
import random
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from deepfake.callbacks.best_checkpoint import BestCheckpoint, rank_of
from deepfake.callbacks.whole_checkpoints import WholeCheckpoints
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.heads import MesoHead
from deepfake.models.temporal.mean import Mean
from deepfake.task import DetectorTask

Epoch = tuple[float, float]  # AUC, log-loss


def kept(epochs: list[Epoch], best: BestCheckpoint) -> list[int]:
    """The epochs after which the callback would save, one after the other."""
    saved = []
    module = object.__new__(DetectorTask)
    strategy = SimpleNamespace(reduce_boolean_decision=lambda decision: decision)
    for number, (auc, log_loss) in enumerate(epochs):
        object.__setattr__(module, "measured", {"val/video/auc": auc, "val/video/log_loss": log_loss})
        single = torch.tensor(auc)  # as the logger has it
        trainer: Any = SimpleNamespace(lightning_module=module, strategy=strategy, callback_metrics={})
        if best.check_monitor_top_k(trainer, single):
            saved.append(number)
    return saved


@pytest.mark.parametrize("seed", range(20))
def test_the_epoch_that_is_kept_is_the_first_when_they_are_sorted(seed: int) -> None:
    draw = random.Random(seed)
    aucs = [draw.random() for _ in range(3)]
    aucs += [auc + 1e-9 for auc in aucs]
    epochs = [(draw.choice(aucs), draw.choice([0.1, 0.7, 1.5, 1.5 + 1e-9, 8.0])) for _ in range(30)]
    best = min(range(30), key=lambda number: (-epochs[number][0], epochs[number][1]))
    assert kept(epochs, BestCheckpoint("x"))[-1] == best
    lowest = min(range(30), key=lambda number: (epochs[number][0], epochs[number][1]))
    assert kept(epochs, BestCheckpoint("x", mode="min"))[-1] == lowest
    by_loss = min(range(30), key=lambda number: epochs[number][1])
    assert kept(epochs, BestCheckpoint("x", "val/video/log_loss", "min"))[-1] == by_loss


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ((0.9, 0.1), (0.9 + 1e-9, 5.0)),  # single precision takes these for equal
        ((0.9, 7.0), (0.9, 6.0)),
        ((1.0, 0.1), (1.0, 0.1 - 1e-9)),
        ((math.nan, 0.7), (math.nan, 0.6)),  # all val videos are of one class
        ((math.nan, 0.1), (0.0, 9.0)),
    ],
)
def test_of_two_epochs_the_better_is_kept_in_either_order(worse: Epoch, better: Epoch) -> None:
    assert rank_of(worse[0], "max", worse[1]) < rank_of(better[0], "max", better[1])
    assert kept([worse, better, worse, better], BestCheckpoint("x")) == [0, 1]
    assert kept([better, worse, better], BestCheckpoint("x")) == [0]


class Scripted(DetectorTask):
    """Has the numbers that it is told."""

    def __init__(self, epochs: list[Epoch]) -> None:
        detector = Detector(Meso4(16), Mean, MesoHead, clip_length=1, frame_stride=1, margin=1.3, size=16)
        constant = partial(torch.optim.lr_scheduler.ConstantLR, factor=1.0)
        super().__init__(detector, nn.BCEWithLogitsLoss(), torch.optim.Adam, constant, 0, {})
        self.epochs = epochs

    def training_step(self, batch: Any, batch_index: int) -> Tensor:
        return self(torch.rand(2, 1, 3, 16, 16)).sum()

    def validation_step(self, batch: Any, batch_index: int) -> None:
        pass

    def on_validation_epoch_end(self) -> None:
        auc, log_loss = self.epochs[self.current_epoch]
        self.measured = {"val/video/auc": auc, "val/video/log_loss": log_loss}
        self.log_dict(self.measured)


def run(epochs: list[Epoch], best: BestCheckpoint, resume: str | None = None) -> None:
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=len(epochs),
        callbacks=[best],
        logger=False,
        plugins=[WholeCheckpoints()],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    loader: DataLoader[int] = DataLoader(range(2), batch_size=2)  # type: ignore[arg-type]
    trainer.fit(Scripted(epochs), loader, loader, ckpt_path=resume, weights_only=True)


def test_a_run_that_goes_on_keeps_what_the_whole_run_would(tmp_path: Path) -> None:
    epochs = [(0.5, 0.7), (0.9, 3.0), (0.9, 2.0), (0.8, 0.1), (0.9, 1.5), (0.9, 1.6)]
    whole = BestCheckpoint(tmp_path / "whole")
    run(epochs, whole)
    first = BestCheckpoint(tmp_path / "first")
    run(epochs[:3], first)
    assert first.best_rank == (0.9, -2.0)
    content = torch.load(first.best_model_path, weights_only=True)
    second = BestCheckpoint(tmp_path / "second")
    second.continue_from(Path(first.best_model_path), content["callbacks"][second.state_key])
    run(epochs, second, resume=first.best_model_path)
    assert second.best_rank == whole.best_rank == (0.9, -1.5)
    for best in (whole, second):
        assert Path(best.best_model_path) == Path(str(best.dirpath)) / "best.ckpt"
        assert torch.load(best.best_model_path, weights_only=True)["epoch"] == 4
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["best.ckpt"]


@pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")
def test_a_best_epoch_that_was_not_handed_over_is_not_believed(tmp_path: Path) -> None:
    """Its file may be gone, or be another epoch's by now."""
    first = BestCheckpoint(tmp_path)
    run([(1.0, 0.1)], first)
    again = BestCheckpoint(tmp_path)
    run([(1.0, 0.1), (0.6, 0.9)], again, resume=first.best_model_path)
    assert again.best_rank == (0.6, -0.9)
