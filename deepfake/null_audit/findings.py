"""What a null audit found, as numbers and as plain data."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from deepfake.corpora.groups import GroupedBy

NEAR = 0.05  # an AUC that is lower than the detector's by no more than this comes near it
LEVEL = 0.025  # one-sided, so this is where a 95 % interval would leave chance out


@dataclass(frozen=True, slots=True, eq=False)
class NullFindings:
    """What a model that never looks at a face finds out. An AUC is NaN where a class is missing.

    Attributes:
        videos: a row a video of train and of the tested split: `video_id`, `split`, `label`, `method`, `FEATURES` and
            `null_score`, which is P(fake). A video of train has the score of a model that was fitted without its group.
            What was left out has none: without a stored face, or, in the tested split, without the detector's score.
        detector_auc: of the detector, on the same videos as `models`.
        models: index `all`, `files`, `crops`: the features that the model has. `auc`, on the tested videos; `p_value`,
            how often guesses reach it, by the one-sided test of Mann and Whitney; `train_auc`, cross-validated on
            train: the share of pairs of a real and a fake in one fold that are in the right order.
        least_p_value: the lowest that so few videos allow; NaN if a class is missing.
        num_tested: how many tested videos of each class were compared, reals first.
        num_train: how many videos of each class it was fitted on, reals first.
        grouped_by: what groups the videos in the cross-validation.
        features: index `FEATURES`, most important first, see `importances`.
    """

    videos: pd.DataFrame
    detector_auc: float
    models: pd.DataFrame
    least_p_value: float
    num_tested: tuple[int, int]
    num_train: tuple[int, int]
    grouped_by: GroupedBy
    features: pd.DataFrame

    @property
    def auc(self) -> float:
        """The AUC of the model that has all features."""
        return float(self.models.loc["all", "auc"])

    @property
    def p_value(self) -> float:
        """How often guesses reach `auc`."""
        return float(self.models.loc["all", "p_value"])

    @property
    def above_chance(self) -> bool:
        """Whether the null model does better on the tested videos than guesses do."""
        return self.p_value < LEVEL

    @property
    def is_near(self) -> bool:
        """Whether the null model is better than guesses and at most `NEAR` below the detector."""
        return self.above_chance and self.auc >= self.detector_auc - NEAR

    def facts(self) -> dict[str, Any]:
        """Return all but the videos as plain data for `metrics.json`; None where a number is undefined."""
        return {
            "detector_auc": _plain(self.detector_auc),
            "models": _rows(self.models),
            "above_chance": self.above_chance,
            "is_near": self.is_near,
            "tested": dict(zip(("real", "fake"), self.num_tested, strict=True)),
            "train": dict(zip(("real", "fake"), self.num_train, strict=True)),
            "grouped_by": self.grouped_by,
            "features": _rows(self.features),
        }


def _rows(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    return {str(name): {str(key): _plain(value) for key, value in row.items()} for name, row in table.iterrows()}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
