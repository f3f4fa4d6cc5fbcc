"""A rate that falls when a metric of val videos no longer gets better."""

from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from deepfake.ranges import Amount, Below1, NotNegative, Word


class Plateau(ReduceLROnPlateau):
    """Lowers the learning rate when a metric has not improved for some epochs.

    Args:
        optimizer: its rates are lowered.
        monitor: the metric, `val/video/log_loss` for example.
        mode: whether a low (`min`) or a high (`max`) value is better.
        factor: multiple of each fall.
        patience: epochs without an improvement that are accepted.
        min_lr: no rate falls below it.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        monitor: Word,
        mode: Literal["min", "max"],
        factor: Below1,
        patience: Amount,
        min_lr: NotNegative = 0.0,
    ) -> None:
        super().__init__(optimizer, mode, factor, patience, min_lr=min_lr)
        self.monitor = monitor
