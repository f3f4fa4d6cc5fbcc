"""A constant rate, then a line to zero."""

from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from deepfake.ranges import Count, Share


def hold_linear(
    optimizer: Optimizer, *, epochs: Count, hold: Share, by: Literal["step", "epoch"], steps_per_epoch: int
) -> LambdaLR:
    """Hold the learning rate, then lower it in a line to zero.

    Args:
        optimizer: its rates are held.
        epochs: length of the schedule; the rate is zero from its end on.
        hold: share of the epochs for which it is held.
        by: whether it moves by `step` or by `epoch`.
        steps_per_epoch: from the run.

    Source: self-blended images (CVPR 2022), authors' code: held for 75 of 100 epochs.
    """
    whole = epochs * (steps_per_epoch if by == "step" else 1)
    start = hold * whole

    def factor(count: int) -> float:
        if count >= whole:
            return 0.0
        return 1.0 if count <= start else (whole - count) / (whole - start)

    return LambdaLR(optimizer, factor)
