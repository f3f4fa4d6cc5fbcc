"""Key frames: how few are needed, and that they find what detecting in every frame finds."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from deepfake.faces.finders import Faces, Finder
from deepfake.faces.keyframes import detect
from deepfake.faces.tracker import link
from tests.fakes import Box, BrightSquares, frames_with, no_face, one_face, two_faces

NUM = 8


class Counting(BrightSquares):
    """Counts the frames that it is shown."""

    def __init__(self) -> None:
        self.shown = 0

    def find(self, frames: np.ndarray) -> list[Faces]:
        self.shown += len(frames)
        return super().find(frames)


def appears(t: int) -> Sequence[Box]:
    return [(40, 30, 90, 80)] if t >= 3 else []


def jumps(t: int) -> Sequence[Box]:
    return [(10, 30, 60, 80)] if t < 4 else [(90, 30, 140, 80)]


def turns(t: int) -> Sequence[Box]:
    x = 20 + 8 * min(t, 7 - t)  # to the right and back again: its two ends are at one place
    return [(x, 30, x + 50, 80)]


def find(frames: np.ndarray, every: int) -> tuple[list[Faces], int]:
    finder = Counting()
    faces, looks, num_detected = detect(frames, finder, every=every, min_score=0.5, min_face_size=20)
    assert num_detected == finder.shown
    assert [len(look) for look in looks] == [len(face) for face in faces]
    return faces, num_detected


@pytest.mark.parametrize(
    ("scene", "most", "pixels"),
    [(one_face, 2, 1), (two_faces, 2, 0.1), (no_face, 2, 0), (appears, 5, 0.1), (jumps, 5, 0.1), (turns, 7, 8.1)],
)
def test_few_frames_give_the_faces_of_all(scene: Callable[[int], Sequence[Box]], most: int, pixels: float) -> None:
    frames = frames_with(scene, NUM)
    dense, shown = find(frames, 1)
    assert shown == NUM
    sparse, shown = find(frames, 8)
    assert shown <= most
    assert [len(faces) for faces in sparse] == [len(faces) for faces in dense]
    for a, b in zip(sparse, dense, strict=True):
        assert np.abs(a.boxes - b.boxes).max(initial=0) <= pixels


def test_a_long_segment_has_key_frames_in_between() -> None:
    assert find(frames_with(one_face, 33), 8)[1] == 5
    assert find(frames_with(one_face, 33), 40)[1] == 1


def test_one_frame_is_a_segment_too() -> None:
    assert find(frames_with(one_face, 1), 8)[1] == 1


def test_small_faces_may_flicker() -> None:
    def flickers(t: int) -> Sequence[Box]:
        return [*one_face(t), (120, 90, 135, 105)] if t == 0 else one_face(t)

    assert find(frames_with(flickers, NUM), 8)[1] <= 2


@pytest.mark.parametrize(("first", "last"), [(0, 1), (6, 7), (0, 7)])
def test_a_face_that_is_there_at_one_end_alone_is_found(first: int, last: int) -> None:
    def comes(t: int) -> Sequence[Box]:
        return [*one_face(t), *([(100, 60, 140, 100)] if first <= t <= last else [])]

    dense, sparse = (find(frames_with(comes, NUM), every)[0] for every in (1, 8))
    assert [len(faces) for faces in sparse] == [len(faces) for faces in dense]


class Sure(Finder):
    """Always sees a face at one place."""

    def find(self, frames: np.ndarray) -> list[Faces]:
        box = np.array([[40, 30, 90, 80]], np.float32)
        return [Faces(box, np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32)) for _ in frames]


def people(*who: int) -> np.ndarray:
    """Make frames that show these people, one per frame, always at the same place."""
    pictures = np.random.default_rng(5).integers(0, 255, (2, 12, 16, 3)).repeat(10, axis=1).repeat(10, axis=2)
    return pictures[list(who)].astype(np.uint8)


def tracks_of(frames: np.ndarray) -> tuple[list[list[int]], int]:
    faces, looks, shown = detect(frames, Sure(), every=8, min_score=0.5, min_face_size=20)
    return [tracklet.frames.tolist() for tracklet in link(range(len(frames)), faces, looks)], shown


def test_a_cut_between_two_key_frames_with_a_face_at_the_same_place_is_found() -> None:
    tracks, shown = tracks_of(people(0, 0, 0, 0, 0, 1, 1, 1))
    assert tracks == [[0, 1, 2, 3, 4], [5, 6, 7]]
    assert 2 < shown < NUM


def test_a_cut_away_and_back_is_not_bridged() -> None:
    tracks, shown = tracks_of(people(0, 0, 0, 1, 1, 0, 0, 0))
    assert tracks == [[0, 1, 2, 5, 6, 7], [3, 4]]
    assert shown > 2


def test_without_a_cut_it_is_one_track() -> None:
    assert tracks_of(people(*[0] * NUM)) == ([list(range(NUM))], 1)
