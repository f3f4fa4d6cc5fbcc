"""Where a shot ends: rooms of the demo, a hand-held camera, people who move."""

import numpy as np
import pytest

from deepfake.demo.scenery import paint_room
from deepfake.faces.shots import same_shot, scene, shots


def room(number: int) -> np.ndarray:
    return (paint_room(np.random.default_rng(number), 240, 400) * 255).astype(np.uint8)


def with_somebody(picture: np.ndarray, left: int, grey: int) -> np.ndarray:
    picture = picture.copy()
    picture[60:, left : left + 120] = grey
    return picture


@pytest.mark.parametrize("number", range(6))
def test_a_camera_in_a_hand_and_people_who_move_are_no_cut(number: int) -> None:
    whole = room(number)
    start = scene(with_somebody(whole[:220, :320], 80, 60))
    assert same_shot(start, scene(with_somebody(whole[12:232, 20:340], 150, 60)))
    assert same_shot(start, scene(with_somebody(whole[:220, :320], 80, 200)))  # another person alone is no cut


def test_other_rooms_are_a_cut_with_the_same_person_too() -> None:
    views = [scene(with_somebody(room(number), 140, 60)) for number in range(8)]
    pairs = [same_shot(a, b) for i, a in enumerate(views) for b in views[:i]]
    assert np.mean(pairs) <= 0.1


def test_every_cut_begins_a_shot() -> None:
    a, b = scene(room(0)), scene(255 - room(0))
    assert shots([a, a, b, b, a]).tolist() == [0, 0, 1, 1, 2]
    assert shots([a]).tolist() == [0]
