"""A power of what is left of the run."""

from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import PolynomialLR

from deepfake.ranges import Above0, Count


def polynomial(
    optimizer: Optimizer, *, epochs: Count, power: Above0, by: Literal["step", "epoch"], steps_per_epoch: int
) -> PolynomialLR:
    """Lower the learning rate as (1 - time / epochs) to a power.

    Args:
        optimizer: its rates are the highest.
        epochs: length of the schedule; the rate is zero from its end on.
        power: 1 is a line.
        by: whether it moves by `step` or by `epoch`.
        steps_per_epoch: from the run.
    """
    return PolynomialLR(optimizer, epochs * (steps_per_epoch if by == "step" else 1), power)
