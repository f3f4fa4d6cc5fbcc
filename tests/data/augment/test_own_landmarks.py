"""Landmarks by a function of the user's: their hull is blended, and what is no set of points is refused."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.path import Path as Outline

from deepfake.data.augment import SbiAugmentation
from deepfake.data.augment.own_landmarks import OwnLandmarks
from deepfake.errors import ConfigError
from tests.data.augment.test_recipes import scene
from tests.data.augment.test_sbi import SIZE, sample

# Eight corners around (30, 34), and one point within that the hull leaves out.
ANGLES = np.linspace(0, 2 * np.pi, 9)[:-1]
CORNERS = np.stack([30 + 18 * np.cos(ANGLES), 34 + 22 * np.sin(ANGLES)], 1)
MINE = f"""
import numpy as np
seen = []
def points(crop):
    seen.append((crop.shape, crop.dtype.name, crop.flags["C_CONTIGUOUS"]))
    return {[*CORNERS.tolist(), [30.0, 34.0]]}
def mirrored(crop):
    return [(crop.shape[1] - 1 - x, y) for x, y in points(crop)]
def bright(crop):
    y, x = np.nonzero(crop[..., 0] > 200)
    return np.stack([x, y], 1)
def growing(crop):
    seen.append(crop)
    return np.random.default_rng(len(seen)).uniform(0, 60, (len(seen) + 3, 2))
def nothing(crop):
    return None
def flat(crop):
    return [(x, 5) for x in range(68)]
def two(crop):
    return [(1, 1), (9, 9)]
def no_number(crop):
    return [(1, 1), (9, 9), (float("nan"), 3)]
def solid(crop):
    return np.zeros((68, 3))
a_list = [1]
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the user's, in a folder of their own."""
    (tmp_path / "of_mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__("of_mine")
    sys.modules.pop("of_mine", None)


def made(name: str, seed: int, length: int = 1, flip: float = 0.0) -> torch.Tensor:
    augmentation = SbiAugmentation(flip=flip, post=0, crop=0, landmark_model=f"of_mine.{name}")
    mask = augmentation.make(scene(length), sample(seed, length, blend=True)).mask
    assert mask is not None
    return mask


def test_the_mask_is_the_softened_hull_whatever_the_draw(mine: Any) -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    inside = Outline(CORNERS).contains_points(np.stack([x.ravel(), y.ravel()], 1)).reshape(SIZE, SIZE)
    mean = np.mean([(made("points", seed)[0, 0] > 0).numpy() for seed in range(30)], 0)  # each is bent and moved
    assert mean[inside].mean() > 0.8 and mean[~inside].mean() < 0.1
    assert mine.seen[0] == ((SIZE, SIZE, 3), "uint8", True)


def test_the_function_is_called_for_each_frame_of_a_blend_and_not_for_a_real(mine: Any) -> None:
    made("points", 0, length=3)
    assert len(mine.seen) == 3
    augmentation = SbiAugmentation(landmark_model="of_mine.points")
    augmentation.in_worker(scene(3), sample(0, 3, blend=False))
    assert len(mine.seen) == 3
    augmentation.validating().in_worker(scene(2), sample(0, 2, blend=True))  # val's blends are made in the same way
    assert len(mine.seen) == 5


def test_the_function_sees_the_picture_that_is_blended(mine: Any) -> None:
    picture = torch.zeros(1, 3, SIZE, SIZE, dtype=torch.uint8)
    picture[..., 20:50, 4:24] = 255  # on the left, so on the right of the mirrored picture
    augmentation = SbiAugmentation(flip=1, post=0, crop=0, landmark_model="of_mine.bright")
    mask = augmentation.make(picture, sample(0, 1, blend=True)).mask
    assert mask is not None
    centre = (mask[0, 0].sum(0) * torch.arange(SIZE)).sum() / mask.sum()
    assert float(centre) == pytest.approx(63 - 13.5, abs=4)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nothing", "returned None"),
        ("flat", "returned 68 points that enclose no area"),
        ("two", "returned 2 points that enclose no area"),
        ("no_number", r"returned list of shape \(3, 2\)"),
        ("solid", r"returned ndarray of shape \(68, 3\)"),
        ("growing", "returned 4 points for one frame of a clip and 5 for another"),
    ],
)
def test_what_is_no_set_of_points_is_refused(mine: Any, name: str, what: str) -> None:
    with pytest.raises(ConfigError, match=rf"augment\.landmark_model=of_mine\.{name} {what}: it must return x and y"):
        made(name, 0, length=2)


@pytest.mark.parametrize(
    "name", ["of_mine.absent", "of_mine.a_list", "not_there.points", "points", "of_mine.", "", "a b"]
)
def test_what_cannot_be_imported_is_refused_with_the_cure(mine: Any, name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"augment\.landmark_model=.* is no function that can be imported \(.*PYTHONPATH"
    ):
        OwnLandmarks(name)
