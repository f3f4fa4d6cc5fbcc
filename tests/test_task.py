"""The Lightning shell: what it measures, and what a checkpoint carries."""

from functools import partial

import pytest
import torch
from torch import nn

from deepfake.errors import TrainingError
from deepfake.losses.feature_loss import FeatureLoss
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.models.heads import MesoHead
from deepfake.models.temporal.mean import Mean
from deepfake.task import LOGGED, DetectorTask


@pytest.fixture
def task() -> DetectorTask:
    torch.manual_seed(0)
    detector = Detector(Meso4(32), Mean, MesoHead, clip_length=1, frame_stride=1, margin=1.3, size=32)
    scheduler = partial(torch.optim.lr_scheduler.ConstantLR, factor=1.0)
    return DetectorTask(detector, nn.BCEWithLogitsLoss(), torch.optim.Adam, scheduler, 0, {"format": 1})


def test_what_is_logged_of_an_epoch_is_kept_in_full_precision(
    task: DetectorTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: dict[str, float] = {}
    monkeypatch.setattr(task, "log", lambda name, value, **_: logged.update({name: value}))
    index, scores = torch.arange(4), torch.tensor([0.01, 0.55, 0.54, 0.99])
    task.val_scores.update(index, index, index * 0, torch.tensor([0, 0, 1, 1]), scores.logit())
    task.on_validation_epoch_end()
    assert task.measured == logged and set(logged) < set(LOGGED)
    assert logged["val/video/auc"] == 0.75


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


def batch(clip: float = 0.5) -> dict[str, torch.Tensor]:
    two = torch.arange(2)
    clips = torch.full((2, 1, 3, 32, 32), clip)
    return {"clip": clips, "label": torch.tensor([0.0, 1.0]), "video": two, "index": two, "track": torch.zeros(2)}


@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_ends_training_with_the_step_and_the_cures(
    broken: float, task: DetectorTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "log", lambda *_, **__: None)
    task.training_step(batch(), 0)  # type: ignore[arg-type]
    monkeypatch.setattr(DetectorTask, "global_step", 7)
    with pytest.raises(
        TrainingError, match=r"the loss is NaN or infinite in epoch 1, step 7: .* lower optimizer.lr, set tr"
    ):
        task.training_step(batch(broken), 0)  # type: ignore[arg-type]


def test_a_loss_of_features_is_given_what_the_head_receives(
    task: DetectorTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []

    class Seen(FeatureLoss):
        def forward(self, features: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            seen.extend((features, logits, labels))
            return features.mean() + logits.mean()

    monkeypatch.setattr(task, "log", lambda *_, **__: None)
    task.loss = Seen()
    task.eval().training_step(batch(), 0)  # type: ignore[arg-type]
    features, logits, labels = seen
    assert features.shape == (2, task.detector.temporal.num_features) and labels.tolist() == [0, 1]
    assert torch.equal(task.detector.head(features).squeeze(1), logits)
    assert torch.equal(task(batch()["clip"]), logits)


def test_on_a_gpu_the_first_such_step_is_named_later(task: DetectorTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DetectorTask, "_require_loss", lambda self: None)  # as between two checks on a GPU
    for step, loss in enumerate([1.0, torch.nan, 1.0, torch.inf]):
        monkeypatch.setattr(DetectorTask, "global_step", step)
        task._watch(torch.tensor(loss))
    monkeypatch.undo()
    with pytest.raises(TrainingError, match="NaN or infinite in epoch 1, step 1: "):
        task.on_train_epoch_end()


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_a_score_that_is_not_finite_is_an_error(broken: float, split: str, task: DetectorTask) -> None:
    task.eval()
    with torch.no_grad():
        task.detector.head[-1].bias.fill_(broken)  # type: ignore[union-attr, operator]
        step, end = {
            "val": (task.validation_step, task.on_validation_epoch_end),
            "test": (task.test_step, task.on_test_epoch_end),
        }[split]
        step(batch(), 0)  # type: ignore[arg-type]
        with pytest.raises(TrainingError, match=f"{split} scores are NaN or infinite in epoch 1"):
            end()


def test_the_card_goes_into_every_checkpoint(task: DetectorTask) -> None:
    checkpoint: dict = {"state_dict": task.state_dict()}
    task.on_save_checkpoint(checkpoint)
    assert checkpoint["deepfake"] == {"format": 1, "digest": digest(task.state_dict())}
