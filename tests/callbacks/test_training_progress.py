"""What is shown of an epoch while it goes on."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from deepfake import progress
from deepfake.callbacks.training_progress import TrainingProgress, epoch_name
from tests.callbacks.test_epoch_checkpoints import Line


class Scored(Line):
    def validation_step(self, batch: torch.Tensor, batch_index: int) -> None:
        pass

    def test_step(self, batch: torch.Tensor, batch_index: int) -> None:
        pass


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_model_summary": False, "enable_checkpointing": False}
    return Trainer(max_epochs=2, callbacks=[TrainingProgress()], accelerator="cpu", num_sanity_val_steps=0, **quiet)


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == progress.__name__]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Make every look at the clock 40 s later than the last one, and log progress."""
    now = iter(range(0, 100_000, 40))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(progress, "SOONEST_S", 30.0)  # the thread that speaks for slow units does not wake up
    caplog.set_level(logging.INFO, "deepfake")


@pytest.mark.usefixtures("slow")
def test_a_long_epoch_has_lines_in_a_log(trainer: Trainer, caplog: pytest.LogCaptureFixture) -> None:
    batches = DataLoader(torch.ones(4))
    trainer.fit(Scored(), batches, batches)
    trainer.test(Scored(), batches, verbose=False)
    lines = [message.partition(" batches, ")[0] for message in lines_of(caplog)]
    # The log line of an epoch and the table of a test say that they are done.
    works = [f"{work}epoch {number} of 2" for number in (1, 2) for work in ("", "val of ")] + ["test"]
    assert lines == [f"{work}: {number} of 4" for work in works for number in range(1, 4)]


@pytest.mark.usefixtures("slow")
def test_a_validation_within_an_epoch_does_not_end_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    quiet: dict[str, Any] = {"logger": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = Trainer(
        max_epochs=1,
        callbacks=[TrainingProgress()],
        accelerator="cpu",
        num_sanity_val_steps=0,
        val_check_interval=0.5,
        default_root_dir=tmp_path,
        **quiet,
    )
    trainer.fit(Scored(), DataLoader(torch.ones(4)), DataLoader(torch.ones(2)))
    lines = [message.partition(" batches, ")[0] for message in lines_of(caplog)]
    val = ["val of epoch 1 of 1: 1 of 2"]
    training = [f"epoch 1 of 1: {number} of 4" for number in range(1, 4)]
    assert lines == [*training[:2], *val, *training[2:], *val]


@pytest.mark.usefixtures("slow")
def test_a_process_that_is_not_the_first_is_silent(trainer: Trainer, caplog: pytest.LogCaptureFixture) -> None:
    trainer.progress_bar_callback.disable()  # type: ignore[union-attr]
    trainer.fit(Scored(), DataLoader(torch.ones(4)), DataLoader(torch.ones(4)))
    assert lines_of(caplog) == []


def test_epochs_have_one_name(trainer: Trainer) -> None:
    assert epoch_name(trainer) == "epoch 1 of 2"
    trainer.fit_loop.max_epochs = -1
    assert epoch_name(trainer) == "epoch 1"
