"""The cut that a model asks for."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
import torch

from deepfake.data.cut import check_margin, cut, cut_boxes, cut_window
from deepfake.errors import StoreError

STORED, FACE = (50.0, 60.0, 130.0), (115.0, 125.0, 80.0, 100.0)  # margin 1.3 around a face of 80 x 100
Shape = Literal["square", "box"]


def box(image_size: int, margin: float, shape: Shape) -> tuple[int, ...]:
    return tuple(cut_boxes(np.array([STORED]), np.array([FACE]), np.array([image_size]), margin, shape)[0].tolist())


def reference(
    square: Sequence[float], face: Sequence[float], image_size: int, margin: float, shape: Shape
) -> list[int]:
    """Compute one cut at a time with Python's numbers and rounding."""
    x, y, side = square
    face_x, face_y, face_width, face_height = face
    scale = image_size / side
    sides = (face_width, face_height) if shape == "box" else (max(face_width, face_height),) * 2
    width, height = (min(round(length * margin * scale), image_size) for length in sides)
    left = round((face_x - sides[0] * margin / 2 - x) * scale)
    top = round((face_y - sides[1] * margin / 2 - y) * scale)
    return [max(0, min(left, image_size - width)), max(0, min(top, image_size - height)), width, height]


@pytest.mark.parametrize("shape", ["square", "box"])
@pytest.mark.parametrize("margin", [0.8, 1.0, 1.25, 1.3])
def test_boxes_are_those_of_one_crop_at_a_time(shape: Shape, margin: float) -> None:
    generator = np.random.default_rng(0)
    count = 3000
    face = np.concatenate([generator.uniform(0, 900, (count, 2)), generator.uniform(20, 500, (count, 2))], 1)
    face[: count // 2] = np.round(face[: count // 2] * 2) / 2  # many halves, which round to even
    side = np.ceil(face[:, 2:].max(1) * 1.3)
    corner = np.floor(face[:, :2] - side[:, None] / 2)
    square = np.concatenate([corner, side[:, None]], 1)
    size = np.minimum(side, 256).astype(np.int64)
    expected = [
        reference(s, f, n, margin, shape) for s, f, n in zip(square.tolist(), face.tolist(), size.tolist(), strict=True)
    ]
    assert cut_boxes(square, face, size, margin, shape).tolist() == expected


def test_the_stored_margin_is_the_whole_image() -> None:
    assert box(130, 1.3, "square") == (0, 0, 130, 130)


def test_a_smaller_margin_is_centred_on_the_face() -> None:
    assert box(130, 1.0, "square") == (15, 15, 100, 100)
    assert box(130, 1.0, "box") == (25, 15, 80, 100)


def test_an_image_that_was_shrunk_is_cut_in_its_own_pixels() -> None:
    assert box(65, 1.0, "square") == (8, 8, 50, 50)


def test_a_box_is_stretched_to_the_square() -> None:
    image = torch.zeros(3, 130, 130, dtype=torch.uint8)
    image[:, 15:115, 25:105] = 200
    assert cut(image, 25, 15, 80, 100, 32).float().mean() == 200
    assert cut(image, 15, 15, 100, 100, 32).float().mean() < 190


@pytest.mark.parametrize("stored", [97, 130, 256, 301])
@pytest.mark.parametrize("size", [23, 64, 130, 224])
def test_a_window_is_cut_in_one_call_as_its_images_are_one_by_one(stored: int, size: int) -> None:
    generator = np.random.default_rng(stored)
    images = [generator.integers(0, 256, (stored, stored, 3), dtype=np.uint8) for _ in range(5)]
    for boxes in ([[3, 5, 80, 70]] * 5, [[i, 2 * i, 80, 70] for i in range(5)], [[0, 0, 60 + i, 50] for i in range(5)]):
        one_by_one = [
            cut(torch.from_numpy(image).permute(2, 0, 1), *place, size)
            for image, place in zip(images, boxes, strict=True)
        ]
        assert torch.equal(cut_window(images, np.array(boxes), size), torch.stack(one_by_one))


def test_images_of_different_sizes_make_one_window() -> None:
    images = [np.full((side, side, 3), side, np.uint8) for side in (40, 50, 60)]
    window = cut_window(images, np.array([[0, 0, 40, 40], [5, 5, 40, 40], [0, 0, 60, 60]]), 16)
    assert window.shape == (3, 3, 16, 16) and window[:, 0, 0, 0].tolist() == [40, 50, 60]


def test_more_context_than_is_stored_is_an_error_that_says_so() -> None:
    check_margin(1.3, 1.3)
    with pytest.raises(StoreError, match=r"margin of 1\.5 .* holds 1\.3: extract again with faces\.margin=1\.5"):
        check_margin(1.5, 1.3)
