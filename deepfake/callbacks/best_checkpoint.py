"""Keeps the checkpoint of the epoch with the best metric on val videos; the lower log-loss breaks ties."""

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
    """Writes `best.ckpt` after each epoch that is better than all before it.

    With few videos, many epochs reach the same AUC; the one whose scores are nearest to the labels is kept. Values are
    compared in double precision, unlike in Lightning's own callback, since logged values are in single precision.

    Args:
        dirpath: the folder of the checkpoint.
        monitor: the metric that chooses the best epoch.
        mode: whether a larger (`max`) or a smaller (`min`) value is better. NaN, such as the AUC of videos that are all
            real, is worse than any number.
    """

    def __init__(self, dirpath: PathName, monitor: Word = "val/video/auc", mode: Literal["max", "min"] = "max") -> None:
        super().__init__(dirpath, "best", monitor, mode=mode, enable_version_counter=False)
        self.best_rank: Rank | None = None

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Return whether this epoch is the best so far, and remember its rank if it is; Lightning then saves it."""
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
        """Load nothing, since the file that a checkpoint names may be gone or replaced; see `continue_from`."""

    def continue_from(self, path: Path, state: Mapping[str, Any]) -> None:
        """Take an epoch of an interrupted run as the best so far.

        Args:
            path: the checkpoint of that epoch.
            state: this callback's state in the checkpoint that the run resumes from.
        """
        first, second = state["best_rank"]
        self.best_rank = first, second
        self.best_model_path = self.kth_best_model_path = str(path)
        self.best_model_score = self.kth_value = state["best_model_score"]
        self.best_k_models = {str(path): state["best_model_score"]}


def rank_of(value: float, mode: str, log_loss: float) -> Rank:
    """Return the rank of an epoch, two numbers; the larger pair is better.

    Example:
        >>> rank_of(0.9, "max", 0.5) > rank_of(0.9, "max", 2.0) > rank_of(0.8, "max", 0.1)
        True
        >>> rank_of(math.nan, "max", 0.5)
        (-inf, -0.5)
    """
    return _or_lowest(value if mode == "max" else -value), _or_lowest(-log_loss)


def _or_lowest(number: float) -> float:
    return -math.inf if math.isnan(number) else number
