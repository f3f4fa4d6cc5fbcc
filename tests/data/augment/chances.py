"""What an augmentation draws, seen by replacing what it calls, and whether it is as even and as often as it should."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from deepfake.data.augment import Augmentation, Sample

Call = tuple[str, tuple[Any, ...]]  # a function's name, and what it was given beside the clip


def watched(monkeypatch: pytest.MonkeyPatch, module: object, *names: str) -> list[Call]:
    """Replace functions of a module that change a clip by ones that leave it, and return the list of their calls."""
    calls: list[Call] = []

    def instead(name: str) -> Callable[..., Any]:
        def leave(clip: Any, *given: Any) -> Any:
            calls.append((name, given))
            return clip

        return leave

    for name in names:
        monkeypatch.setattr(module, name, instead(name))
    return calls


def of(calls: Sequence[Call], name: str) -> list[tuple[Any, ...]]:
    """Return what each call of a function was given."""
    return [given for called, given in calls if called == name]


def run(augment: Augmentation, calls: list[Call], clip: Tensor, number: int, **known: Any) -> list[tuple[str, ...]]:
    """Augment a clip by many seeds, and return what was called for each of them, in order."""
    orders, before = [], 0
    for seed in range(number):
        sample = Sample(torch.empty(0), torch.Generator().manual_seed(seed), **known)
        augment.in_worker(clip, sample)
        orders.append(tuple(name for name, _ in calls[before:]))
        before = len(calls)
    return orders


def assert_often(count: int, number: int, probability: float) -> None:
    """A count is within four standard errors of what the probability lets expect."""
    assert count == pytest.approx(number * probability, abs=4 * (number * probability * (1 - probability)) ** 0.5)


def assert_even(values: Sequence[float], low: float, high: float) -> None:
    """Some hundred values are spread evenly from `low` to `high`: their ends, mean and deviation say so."""
    found, reach = np.array(values, float), high - low
    assert len(found) > 100
    assert low <= found.min() <= low + 0.05 * reach and high - 0.05 * reach <= found.max() <= high
    error = reach / 12**0.5 / len(found) ** 0.5
    assert found.mean() == pytest.approx((low + high) / 2, abs=4 * error)
    assert found.std() == pytest.approx(reach / 12**0.5, rel=0.15)
