"""DeeperForensics' levels get worse one by one, and its sets hold what they say."""

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from deepfake.distort.deeperforensics import LEVELS, STRENGTHS, Step, draw_steps
from deepfake.distort.distortion import distort

Seeded = Callable[[int], Generator]


def test_strengths_are_the_published_ones() -> None:
    assert STRENGTHS == {
        "CS": (0.4, 0.3, 0.2, 0.1, 0.0),
        "CC": (0.85, 0.725, 0.6, 0.475, 0.35),
        "BW": (16, 32, 48, 64, 80),
        "GNC": (0.001, 0.002, 0.005, 0.01, 0.05),
        "GB": (7, 9, 13, 17, 21),
        "JPEG": (2, 3, 4, 5, 6),
        "VC": (30, 32, 35, 38, 40),
    }


@pytest.mark.parametrize("kind", STRENGTHS)
def test_each_level_is_further_from_the_picture_than_the_one_before(
    kind: str, scene: Tensor, seed: Seeded, decibels: Callable[[Tensor, Tensor], float]
) -> None:
    out = [distort(scene, [Step(kind, level)], seed(0)) for level in LEVELS]
    assert all(frames.shape == scene.shape and frames.dtype == torch.uint8 for frames in out)
    ratios = [decibels(scene, frames) for frames in out]
    assert ratios == sorted(ratios, reverse=True) and len(set(ratios)) == 5
    assert torch.equal(out[2], distort(scene, [Step(kind, 3)], seed(0)))


def test_a_level_set_draws_a_type_and_a_random_set_a_level_too(seed: Seeded) -> None:
    generator = seed(1)
    at_three = [draw_steps("level_3", generator) for _ in range(700)]
    assert all(len(steps) == 1 and steps[0].level == 3 for steps in at_three)
    kinds = Counter(steps[0].kind for steps in at_three)
    assert kinds.keys() == STRENGTHS.keys() and min(kinds.values()) > 60
    anything = Counter(draw_steps("random_level", generator)[0] for _ in range(1400))
    assert len(anything) == 35


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_a_mixed_set_has_distinct_types_in_random_order_each_at_its_own_level(count: int, seed: Seeded) -> None:
    generator = seed(2)
    drawn = [draw_steps(f"mix_{count}", generator) for _ in range(50)]
    assert all(len({step.kind for step in steps}) == len(steps) == count for steps in drawn)
    assert len({steps[0].kind for steps in drawn}) > 4
    assert any(len({step.level for step in steps}) > 1 for steps in drawn)


def test_mixed_distortions_follow_one_another(scene: Tensor, seed: Seeded) -> None:
    both = distort(scene, [Step("CC", 2), Step("JPEG", 3)], seed(0))
    assert torch.equal(both, distort(distort(scene, [Step("CC", 2)], seed(0)), [Step("JPEG", 3)], seed(0)))


@pytest.mark.parametrize("name", ["level_0", "level_6", "mix_8", "mix_0", "random", "level_33"])
def test_another_set_is_refused(name: str, seed: Seeded) -> None:
    with pytest.raises(ValueError, match=f"{name} is no set: give level_1"):
        draw_steps(name, seed(0))
