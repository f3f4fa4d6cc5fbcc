"""The cut a model asks for."""

import pytest
import torch

from deepfake.data.cut import check_margin, cut, cut_box
from deepfake.errors import StoreError

STORED, FACE = (50.0, 60.0, 130.0), (115.0, 125.0, 80.0, 100.0)  # margin 1.3 around a face of 80 x 100


def test_the_stored_margin_is_the_whole_image() -> None:
    assert cut_box(STORED, FACE, 130, 1.3, "square") == (0, 0, 130, 130)


def test_a_smaller_margin_is_centred_on_the_face() -> None:
    assert cut_box(STORED, FACE, 130, 1.0, "square") == (15, 15, 100, 100)
    assert cut_box(STORED, FACE, 130, 1.0, "box") == (25, 15, 80, 100)


def test_an_image_that_was_shrunk_is_cut_in_its_own_pixels() -> None:
    assert cut_box(STORED, FACE, 65, 1.0, "square") == (8, 8, 50, 50)


def test_a_box_is_stretched_to_the_square() -> None:
    image = torch.zeros(3, 130, 130, dtype=torch.uint8)
    image[:, 15:115, 25:105] = 200
    assert cut(image, 25, 15, 80, 100, 32).float().mean() == 200
    assert cut(image, 15, 15, 100, 100, 32).float().mean() < 190


def test_more_context_than_is_stored_is_an_error_that_says_so() -> None:
    check_margin(1.3, 1.3)
    with pytest.raises(StoreError, match=r"margin of 1\.5 .* holds 1\.3: extract again with faces\.margin=1\.5"):
        check_margin(1.5, 1.3)
