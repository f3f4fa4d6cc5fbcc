"""A recipe accepts valid options and names invalid ones."""

from typing import Any

import pytest

from deepfake.errors import ConfigError
from deepfake.faces.recipe import Recipe

GOOD: dict[str, Any] = {
    "num_segments": 4, "segment_length": 8, "margin": 1.3, "max_crop_size": 512, "min_score": 0.9, "min_face_size": 32,
    "min_track_length": 4, "image_format": "webp",
}  # fmt: skip


def test_a_whole_number_for_a_number_is_the_same_recipe() -> None:
    assert Recipe(**{**GOOD, "margin": 2}) == Recipe(**{**GOOD, "margin": 2.0})
    assert type(Recipe(**{**GOOD, "margin": 2}).margin) is float


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_segments", 0, "give a whole number from 1"),
        ("num_segments", 2.5, "is 2.5: give a whole number"),
        ("num_segments", "x/../..", "is 'x/../..': give a whole number"),
        ("detect_every", True, "give a whole number"),
        ("margin", -1, "is -1: give a number above 0"),
        ("margin", float("nan"), "give a number"),
        ("min_score", 90, "is 90: give a number from 0 to 1"),
        ("min_face_size", -1, "give a whole number from 0"),
        ("min_track_length", None, "is null: give a whole number"),
        ("image_format", "../x", "choose one of png, webp, bmp, jpg"),
        ("reuse_boxes", "no", "give true or false"),
    ],
)
def test_an_invalid_option_is_named(name: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=f"faces.{name} .*{message}"):
        Recipe(**{**GOOD, name: value})
