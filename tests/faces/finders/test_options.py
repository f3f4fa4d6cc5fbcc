"""The options of a finder are those of its constructor, for every finder that there is."""

from typing import Any

import pytest

from deepfake.errors import ConfigError
from deepfake.faces.finders.finder import Finder
from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.finders.options import complete_options
from deepfake.faces.finders.retinaface import RetinaFace
from deepfake.faces.finders.retinaface_mobilenet import RetinaFaceMobileNet
from tests.fakes import BrightSquares


@pytest.mark.parametrize("finder", [Mtcnn, RetinaFace, RetinaFaceMobileNet])
def test_what_is_not_given_is_as_the_constructor_has_it(finder: type[Finder]) -> None:
    whole = complete_options(finder, {})
    assert whole["max_size"] == 960 and not {"device", "weights"} & set(whole)
    assert complete_options(finder, whole) == whole
    assert complete_options(finder, {"max_size": 640}) == {**whole, "max_size": 640}


def test_a_finder_without_options() -> None:
    assert complete_options(BrightSquares, {}) == {}


@pytest.mark.parametrize(
    ("finder", "given", "message"),
    [
        (
            RetinaFace,
            {"thresholds": [1]},
            "RetinaFace has no option faces.finder.thresholds; its options are .*max_size, .*min_score",
        ),
        (Mtcnn, {"device": "cuda"}, "Mtcnn has no option faces.finder.device;"),
        (Mtcnn, {"thresholds": [0.6, 0.7]}, "faces.finder.thresholds is .*: give a list of 3"),
        (
            Mtcnn,
            {"thresholds": [0.6, 0.7, 7]},
            "faces.finder.thresholds is .*: give a list of 3, each a number from 0 to 1",
        ),
        (Mtcnn, {"max_size": 0}, "faces.finder.max_size is 0: give a whole number from 1 to 10000"),
        (RetinaFaceMobileNet, {"max_size": None}, "faces.finder.max_size is null: give a whole number"),
        (RetinaFaceMobileNet, {"nms_iou": -0.1}, "faces.finder.nms_iou is -0.1: give a number from 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_named(finder: type[Finder], given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        complete_options(finder, given)
