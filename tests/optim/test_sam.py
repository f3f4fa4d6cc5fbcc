"""SAM's step is the one of its paper: two gradients, BatchNorm's statistics of the first, and the batches of both."""

from functools import partial
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal.mean import Mean
from deepfake.optim.sam import Sam
from deepfake.task import DetectorTask

pytestmark = pytest.mark.filterwarnings("ignore:.*no `val_dataloader`.*")


def detector() -> Detector:
    torch.manual_seed(0)
    head = partial(LinearHead, dropout=0.0)
    return Detector(Meso4(32), Mean, head, clip_length=1, frame_stride=1, margin=1.3, size=32).double()


def batches(number: int) -> list[dict[str, Tensor]]:
    torch.manual_seed(1)
    return [{"clip": torch.rand(4, 1, 3, 32, 32), "label": torch.tensor([0.0, 1.0, 1.0, 0.0])} for _ in range(number)]


def trained(model: Detector, data: Any, make: Any, **options: Any) -> DetectorTask:
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
    trainer.fit(task, DataLoader(data, batch_size=None, shuffle=False))
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


def without_batchnorm() -> Detector:
    """Its statistics are those of a process's own half; SyncBatchNorm, which shares them, needs GPUs."""
    model = detector()
    norms = {name: each for name, each in model.named_modules() if isinstance(each, nn.BatchNorm2d)}
    for name, norm in norms.items():
        model.set_submodule(name, nn.GroupNorm(1, norm.num_features).double())
    return model


class OwnHalves(Dataset[dict[str, Tensor]]):
    """Of each batch the half that belongs to this process."""

    def __init__(self, batches: list[dict[str, Tensor]]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: value[torch.distributed.get_rank() :: 2] for name, value in self.batches[index].items()}


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_with_both_halves() -> None:
    data, make = batches(4), partial(Sam, lr=0.1, rho=0.5)
    one, two, alone = without_batchnorm(), without_batchnorm(), without_batchnorm()
    trained(one, data, make, accumulate_grad_batches=2)
    ranks = {"strategy": "ddp_spawn", "devices": 2, "use_distributed_sampler": False}
    trained(two, OwnHalves(data), make, accumulate_grad_batches=2, **ranks)
    halves = [{name: value[::2] for name, value in batch.items()} for batch in data]
    trained(alone, halves, make, accumulate_grad_batches=2)
    for name, value in two.state_dict().items():
        torch.testing.assert_close(value, one.state_dict()[name], rtol=1e-9, atol=1e-9)
    weights = [torch.cat([value.flatten() for value in model.parameters()]) for model in (two, alone)]
    assert (weights[0] - weights[1]).abs().max() > 1e-5  # the other half counts
