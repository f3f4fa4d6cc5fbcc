"""A linear rise, then a cosine to zero."""

import math
from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from deepfake.ranges import Count, NotNegative


def warmup_cosine(
    optimizer: Optimizer, *, epochs: Count, warmup: NotNegative, by: Literal["step", "epoch"], steps_per_epoch: int
) -> LambdaLR:
    """Raise the learning rate in a line from its first share to the whole, then lower it by a cosine to zero.

    Args:
        optimizer: its rates are the highest.
        epochs: length of the schedule.
        warmup: epochs until the whole rate; unit k of n (from 0) has the share (k + 1)/(n + 1), so none is zero.
        by: whether it moves by `step` or by `epoch`.
        steps_per_epoch: from the run.
    """
    units = steps_per_epoch if by == "step" else 1
    rise, whole = round(warmup * units), epochs * units

    def factor(count: int) -> float:
        if count < rise:
            return (count + 1) / (rise + 1)
        done = min(1.0, (count - rise) / max(1, whole - rise))
        return (1 + math.cos(math.pi * done)) / 2

    return LambdaLR(optimizer, factor)
