"""SAM's step is the one of its paper: two gradients, BatchNorm's statistics of the first, and the batches of both."""

from functools import partial
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from deepfake.errors import ConfigError
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal.mean import Mean
from deepfake.optim.sam import Sam
from deepfake.task import DetectorTask
from deepfake.training.optimisation import require_possible

pytestmark = pytest.mark.filterwarnings("ignore:.*no `val_dataloader`.*")


def detector() -> Detector:
    torch.manual_seed(0)
    head = partial(LinearHead, dropout=0.0)
    return Detector(Meso4(32), Mean, head, clip_length=1, frame_stride=1, margin=1.3, size=32).double()


def batches(number: int) -> list[dict[str, Tensor]]:
    torch.manual_seed(1)
    return [{"clip": torch.rand(4, 1, 3, 32, 32), "label": torch.tensor([0.0, 1.0, 1.0, 0.0])} for _ in range(number)]


def trained(model: Detector, data: list[dict[str, Tensor]], make: Any, **options: Any) -> DetectorTask:
    schedule = partial(torch.optim.lr_scheduler.ConstantLR, factor=1.0)
    task = DetectorTask(model, nn.BCEWithLogitsLoss(), make, schedule, 0, {})
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(task, DataLoader(data, batch_size=None, shuffle=False))  # type: ignore[arg-type]
    return task


@pytest.mark.parametrize(("accumulated", "clip"), [(1, None), (2, None), (1, 0.01)])
def test_a_step_is_that_of_a_loop_by_hand(accumulated: int, clip: float | None) -> None:
    data, rho, lr, momentum = batches(4), 0.5, 0.1, 0.9
    model = detector()
    make = partial(Sam, lr=lr, momentum=momentum, rho=rho)
    trained(model, data, make, accumulate_grad_batches=accumulated, gradient_clip_val=clip)

    by_hand = detector().train()
    velocity: dict[str, Tensor] = {}
    loss_of = nn.BCEWithLogitsLoss()
    for first in range(0, 4, accumulated):
        window = data[first : first + accumulated]

        def gradients(window: Any = window) -> dict[str, Tensor]:
            loss = sum(loss_of(by_hand(batch["clip"]), batch["label"]) for batch in window) / len(window)
            names, parameters = zip(*by_hand.named_parameters(), strict=True)
            return dict(zip(names, torch.autograd.grad(loss, parameters), strict=True))

        def norm(found: dict[str, Tensor]) -> Tensor:
            return torch.sqrt(sum((value**2).sum() for value in found.values()))  # type: ignore[arg-type]

        ascent = gradients()
        statistics = {name: value.clone() for name, value in by_hand.named_buffers()}
        start = {name: value.detach().clone() for name, value in by_hand.named_parameters()}
        with torch.no_grad():
            for name, value in by_hand.named_parameters():
                value.add_(rho * ascent[name] / norm(ascent))
        second = gradients()
        if clip:
            second = {name: value * min(1.0, clip / float(norm(second))) for name, value in second.items()}
        with torch.no_grad():
            for name, value in by_hand.named_buffers():
                value.copy_(statistics[name])  # as if the second pass had not been
            for name, value in by_hand.named_parameters():
                velocity[name] = momentum * velocity.get(name, torch.zeros(())) + second[name]
                value.copy_(start[name] - lr * velocity[name])
    expected = by_hand.state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-6, atol=1e-9)


def test_it_differs_from_sgd_and_with_no_climb_it_is_sgd() -> None:
    data = batches(2)
    models = [detector() for _ in range(3)]
    trained(models[0], data, partial(torch.optim.SGD, lr=0.1, momentum=0.9))
    trained(models[1], data, partial(Sam, lr=0.1, rho=1e-12))
    trained(models[2], data, partial(Sam, lr=0.1, rho=0.5))
    weights = [torch.cat([value.flatten() for value in model.parameters()]) for model in models]
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-4, atol=1e-6)
    assert (weights[0] - weights[2]).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("scaled", "devices", "message"),
    [(True, 1, "16-mixed would scale alike: use trainer.precision=bf16"), (False, 2, "works on one device")],
)
def test_what_cannot_work_is_refused_in_one_line(scaled: bool, devices: int, message: str) -> None:
    class Trainer:
        num_devices, num_nodes = devices, 1
        precision_plugin = type("Plugin", (), {"scaler": object() if scaled else None})

    config = {"optimizer": {"_target_": "deepfake.optim.sam.Sam"}, "rates": {"frozen_epochs": 0}}
    with pytest.raises(ConfigError, match=message):
        require_possible(Trainer(), config)  # type: ignore[arg-type]
