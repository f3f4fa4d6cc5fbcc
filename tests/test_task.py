"""The Lightning shell: which epoch is best, and what a checkpoint carries."""

from functools import partial

import pytest
import torch
from torch import nn

from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.heads import MesoHead
from deepfake.models.temporal.mean import Mean
from deepfake.task import SELECTION, DetectorTask


@pytest.fixture
def task() -> DetectorTask:
    torch.manual_seed(0)
    detector = Detector(Meso4(32), Mean, MesoHead, clip_length=1, frame_stride=1, margin=1.3, size=32)
    scheduler = partial(torch.optim.lr_scheduler.ConstantLR, factor=1.0)
    return DetectorTask(detector, nn.BCEWithLogitsLoss(), torch.optim.Adam, scheduler, 0, {"format": 1})


def selection(task: DetectorTask, monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> float:
    logged: dict[str, float] = {}
    monkeypatch.setattr(task, "log", lambda name, value, **_: logged.update({name: value}))
    index = torch.arange(4)
    task.val_scores.update(index, index, index * 0, torch.tensor([0, 0, 1, 1]), torch.tensor(scores).logit())
    task.on_validation_epoch_end()
    assert task.measured["val/video/auc"] == logged["val/video/auc"]
    return logged[SELECTION]


def test_the_best_epoch_has_the_highest_auc_and_then_the_lowest_log_loss(
    task: DetectorTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    right_but_all_fake = selection(task, monkeypatch, [0.7, 0.8, 0.9, 0.95])
    right_and_sure = selection(task, monkeypatch, [0.1, 0.2, 0.9, 0.95])
    sure_with_one_swap = selection(task, monkeypatch, [0.01, 0.55, 0.54, 0.99])
    assert right_and_sure > right_but_all_fake > sure_with_one_swap


def test_a_score_is_a_probability_that_the_video_is_fake(task: DetectorTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "log", lambda *_, **__: None)
    with torch.no_grad():
        task.detector.head[-1].weight.zero_()  # type: ignore[union-attr, operator]
        task.detector.head[-1].bias.fill_(3.0)  # type: ignore[union-attr, operator]
    task.eval()
    batch = {
        "clip": torch.rand(2, 1, 3, 32, 32),
        "label": torch.zeros(2),
        "video": torch.arange(2),
        "track": torch.zeros(2, dtype=torch.long),
        "index": torch.arange(2),
    }
    with torch.inference_mode():
        task.test_step(batch, 0)  # type: ignore[arg-type]
    task.on_test_epoch_end()
    assert task.test_rows["score"].tolist() == pytest.approx([torch.tensor(3.0).sigmoid().item()] * 2)


def test_the_card_goes_into_every_checkpoint(task: DetectorTask) -> None:
    checkpoint: dict = {}
    task.on_save_checkpoint(checkpoint)
    assert checkpoint == {"deepfake": {"format": 1}}
