"""The running mean of the weights."""

import pytest
import torch

from deepfake.callbacks import Ema


def mean(decay: float, averaged: torch.Tensor, current: torch.Tensor, steps: int) -> torch.Tensor:
    found: torch.Tensor = Ema(decay)._kwargs["avg_fn"](averaged, current, torch.tensor(steps))
    return found


@pytest.mark.parametrize(("steps", "kept"), [(1, 2 / 11), (90, 0.91), (8_990, 0.999), (10**6, 0.999)])
def test_it_forgets_faster_in_the_first_steps(steps: int, kept: float) -> None:
    found = mean(0.999, torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), steps)
    assert found.item() == pytest.approx(kept)


def test_what_does_not_move_stays_to_the_last_bit() -> None:
    frozen = torch.rand(10_000, generator=torch.Generator().manual_seed(0))
    averaged = frozen.clone()
    for steps in range(1, 200):
        averaged = mean(0.999, averaged, frozen, steps)
    assert torch.equal(averaged, frozen)


def test_a_counter_is_that_of_the_latest_step() -> None:
    assert mean(0.9, torch.tensor(3), torch.tensor(7), 5).item() == 7
