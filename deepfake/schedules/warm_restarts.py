"""A cosine that starts again after a number of epochs."""

from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from deepfake.ranges import Count, NotNegative


def warm_restarts(
    optimizer: Optimizer, *, period: Count, end: NotNegative, by: Literal["step", "epoch"], steps_per_epoch: int
) -> CosineAnnealingWarmRestarts:
    """Lower the learning rate by a cosine, and begin anew after every period.

    Args:
        optimizer: its rates are the highest.
        period: epochs from one restart to the next.
        end: learning rate at the end of a period.
        by: whether it moves by `step` or by `epoch`.
        steps_per_epoch: from the run.

    Source: GenD (WACV 2026), authors' configuration: by step, 10 epochs, to 1e-6.
    """
    return CosineAnnealingWarmRestarts(optimizer, period * (steps_per_epoch if by == "step" else 1), eta_min=end)
