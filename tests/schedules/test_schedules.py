"""Learning rates at given steps, as the recipes state them."""

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from deepfake.schedules.hold_linear import hold_linear
from deepfake.schedules.plateau import Plateau
from deepfake.schedules.polynomial import polynomial
from deepfake.schedules.warm_restarts import warm_restarts
from deepfake.schedules.warmup_cosine import warmup_cosine


def rates(make: Any, lr: float, number: int) -> list[float]:
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=lr)
    schedule, found = make(optimizer), []
    for _ in range(number):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_self_blended_images_hold_75_epochs_of_100_then_fall_to_zero() -> None:
    found = rates(partial(hold_linear, epochs=100, hold=0.75, by="epoch", steps_per_epoch=7), 1e-3, 102)
    assert found[:76] == [1e-3] * 76
    assert [found[at] for at in (80, 95, 99)] == pytest.approx([0.8e-3, 0.2e-3, 0.04e-3])
    assert found[100:] == [0, 0]


def test_gend_restarts_every_ten_epochs_of_steps_from_3e_4_to_1e_6() -> None:
    found = rates(partial(warm_restarts, period=10, end=1e-6, by="step", steps_per_epoch=5), 3e-4, 101)
    expected = [1e-6 + (3e-4 - 1e-6) * (1 + math.cos(math.pi * (step % 50) / 50)) / 2 for step in range(101)]
    assert found == pytest.approx(expected)
    assert found[0] == found[50] == found[100] == 3e-4 and found[49] < 1.5e-6


def test_a_cosine_with_warm_up_rises_to_the_whole_rate_and_ends_at_zero() -> None:
    found = rates(partial(warmup_cosine, epochs=10, warmup=1.0, by="step", steps_per_epoch=4), 1.0, 42)
    assert found[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found[22] == pytest.approx(0.5) and found[40] == found[41] == pytest.approx(0.0)
    assert rates(partial(warmup_cosine, epochs=4, warmup=0.0, by="epoch", steps_per_epoch=9), 1.0, 3) == pytest.approx(
        [1.0, (1 + math.cos(math.pi / 4)) / 2, 0.5]
    )


def test_a_polynomial_is_a_power_of_what_is_left() -> None:
    found = rates(partial(polynomial, epochs=4, power=2.0, by="step", steps_per_epoch=5), 1.0, 22)
    assert found == pytest.approx([max(0.0, 1 - step / 20) ** 2 for step in range(22)])


def test_a_plateau_lowers_the_rate_after_its_patience() -> None:
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    schedule = Plateau(optimizer, monitor="val/video/log_loss", mode="min", factor=0.1, patience=1)
    found = []
    for value in (1.0, 0.5, 0.6, 0.7, 0.4):
        schedule.step(value)
        found.append(optimizer.param_groups[0]["lr"])
    assert found == pytest.approx([1, 1, 1, 0.1, 0.1]) and schedule.monitor == "val/video/log_loss"
