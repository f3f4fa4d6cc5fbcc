"""A running mean of the weights, which is what is validated, saved and tested."""

from typing import Any

from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor

from deepfake.ranges import Below1


class Ema(WeightAveraging):
    """Keeps an exponential mean of all weights and buffers, after every step.

    In the first steps the mean forgets faster, by (1 + n) / (10 + n) after n steps, so that a short run is not measured
    by what it began with.

    Differs: Lightning's EMAWeightAveraging has one decay for all steps, and its mean of equal numbers is not always
    that number, so frozen weights would drift.

    Args:
        decay: share of the mean that is kept at each step, at most.

    Source: the schedule is that of TensorFlow's ExponentialMovingAverage with `num_updates`.
    """

    def __init__(self, decay: Below1 = 0.999) -> None:
        def mean(averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
            if not averaged.is_floating_point():  # a counter, such as BatchNorm's
                return current
            steps = int(num_averaged)
            return averaged.lerp(current, 1 - min(decay, (1 + steps) / (10 + steps)))

        options: dict[str, Any] = {"avg_fn": mean}
        super().__init__(**options)
