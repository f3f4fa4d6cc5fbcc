"""Colours of classes and methods."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from deepfake.corpora.ffpp import METHODS as FFPP
from deepfake.report.palette import FAKE, METHODS, REAL, UNLABELLED, of_label, of_method

# What is left of linear RGB. Source: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency" (2009), severity 1.
EYES = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def test_a_label_has_its_colour() -> None:
    assert [of_label(label) for label in ("real", "fake", "", "$x^{")] == [REAL, FAKE, UNLABELLED, UNLABELLED]


def test_a_method_keeps_its_colour_whatever_is_drawn_beside_it() -> None:
    assert [of_method(name) for name in ("faceswap", "reenact", "real")] == ["#56B4E9", "#CC79A7", REAL]
    assert {of_method(f"method {i}") for i in range(100)} == set(METHODS)


def test_the_methods_of_faceforensics_have_six_colours() -> None:
    assert len({of_method(name) for name in FFPP}) == len(FFPP) == 6


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB in [0, 1], with the white of sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_colours_differ_for_all_eyes(eyes: str) -> None:
    seen = {}
    for colour in (REAL, FAKE, *METHODS):
        encoded = np.array(to_rgb(colour))
        linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
        seen[colour] = _lab(np.array(EYES[eyes]) @ linear)
    for first, second in combinations(seen, 2):
        assert np.linalg.norm(seen[first] - seen[second]) > 15, (first, second)
