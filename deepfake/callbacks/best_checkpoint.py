"""Keeps the best epoch: the one with the best metric on val videos, and of equal ones that with the lowest log-loss."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from deepfake.ranges import PathName, Word
from deepfake.task import DetectorTask

Rank = tuple[float, float]

TIE_BREAKER = "val/video/log_loss"


class BestCheckpoint(ModelCheckpoint):
    """Writes `best.ckpt` after an epoch that is better than all before it.

    On few videos many epochs reach the same AUC; of those, the one whose scores are nearest the truth is kept. Numbers
    are compared in full precision, which Lightning's own callback cannot, since the logged ones are single.

    Args:
        dirpath: its folder.
        monitor: what an epoch is chosen by.
        mode: whether a larger (`max`) or a smaller (`min`) value is better. No number, such as the AUC of videos that
            are all real, is worse than any.
    """

    def __init__(self, dirpath: PathName, monitor: Word = "val/video/auc", mode: Literal["max", "min"] = "max") -> None:
        super().__init__(dirpath, "best", monitor, mode=mode, enable_version_counter=False)
        self.best_rank: Rank | None = None

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Whether this epoch is better than all before it, whose rank it then takes; Lightning saves it if so."""
        if current is None:
            return False
        module = trainer.lightning_module
        numbers: Mapping[str, Any] = trainer.callback_metrics
        if isinstance(module, DetectorTask):
            numbers = {**numbers, **module.measured}
        value, log_loss = (float(numbers.get(name, math.nan)) for name in (str(self.monitor), TIE_BREAKER))
        rank = rank_of(value, self.mode, log_loss)
        is_better = self.best_rank is None or rank > self.best_rank
        if trainer.strategy.reduce_boolean_decision(is_better):
            self.best_rank = rank
            return True
        return False

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "best_rank": self.best_rank}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing: a checkpoint tells of a file that may be gone or replaced since; see `go_on_from`."""

    def go_on_from(self, path: Path, state: Mapping[str, Any]) -> None:
        """Take an epoch as the one to beat.

        Args:
            path: its checkpoint.
            state: what this callback had in the checkpoint of the run that goes on.
        """
        first, second = state["best_rank"]
        self.best_rank = first, second
        self.best_model_path = self.kth_best_model_path = str(path)
        self.best_model_score = self.kth_value = state["best_model_score"]
        self.best_k_models = {str(path): state["best_model_score"]}


def rank_of(value: float, mode: str, log_loss: float) -> Rank:
    """Two numbers of an epoch, of which the larger pair is better.

    Example:
        >>> rank_of(0.9, "max", 0.5) > rank_of(0.9, "max", 2.0) > rank_of(0.8, "max", 0.1)
        True
        >>> rank_of(math.nan, "max", 0.5)
        (-inf, -0.5)
    """
    return _or_lowest(value if mode == "max" else -value), _or_lowest(-log_loss)


def _or_lowest(number: float) -> float:
    return -math.inf if math.isnan(number) else number
