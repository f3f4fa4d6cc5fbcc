"""Following faces: worked examples with hand-drawn boxes, and vectors for how a face looks."""

import numpy as np

from deepfake.faces.finders import Faces
from deepfake.faces.tracker import link
from deepfake.faces.tracklet import Tracklet

Box = tuple[float, float, float, float]
ANNA, BELA = np.eye(2, 4)  # two people who look nothing like each other


def at(*boxes: Box) -> Faces:
    n = len(boxes)
    return Faces(np.array(boxes, np.float32).reshape(n, 4), np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))


def box(x: float, y: float = 0, side: float = 10) -> Box:
    return x, y, x + side, y + side


def follow(*frames: dict[float, np.ndarray], first: int = 0) -> list[Tracklet]:
    """Link faces 10 px wide; each frame maps a left edge to who it is."""
    faces = [at(*(box(x) for x in frame)) for frame in frames]
    looks = [np.stack(list(frame.values())) if frame else np.zeros((0, 4)) for frame in frames]
    return link(range(first, first + len(frames)), faces, looks)


def ways(pieces: list[Tracklet]) -> list[list[float]]:
    return [tracklet.boxes[:, 0].tolist() for tracklet in pieces]


def frames_of(pieces: list[Tracklet]) -> list[list[int]]:
    return [tracklet.frames.tolist() for tracklet in pieces]


def test_a_moving_face_is_one_track() -> None:
    assert ways(follow(*({2 * t: ANNA} for t in range(5)))) == [[0, 2, 4, 6, 8]]


def test_two_people_keep_their_own_tracks_whatever_the_order_of_the_finder() -> None:
    frames = [{0: ANNA, 50: BELA} if t % 2 else {50: BELA, 0: ANNA} for t in range(4)]
    assert [set(way) for way in ways(follow(*frames))] == [{50}, {0}]


def test_a_face_that_appears_late_and_one_that_leaves() -> None:
    pieces = follow({0: ANNA}, {0: ANNA, 50: BELA}, {50: BELA}, {50: BELA})
    assert frames_of(pieces) == [[0, 1], [1, 2, 3]]


def test_two_people_who_cross_keep_their_own_tracks() -> None:
    # Anna walks to the right, Bela to the left; in the fourth frame both are at the same place.
    frames = [{4.0 * t: ANNA, 24.5 - 4 * t: BELA} for t in range(7)]
    assert ways(follow(*frames)) == [[4 * t for t in range(7)], [24.5 - 4 * t for t in range(7)]]


def test_two_who_look_alike_cross_by_the_way_they_were_going() -> None:
    frames = [{4.0 * t: ANNA, 24.5 - 4 * t: ANNA} for t in range(7)]
    assert ways(follow(*frames)) == [[4 * t for t in range(7)], [24.5 - 4 * t for t in range(7)]]


def test_one_who_is_hidden_while_they_cross_is_found_again_behind_the_other() -> None:
    frames = [{4.0 * t: ANNA, 24.0 - 4 * t: BELA} for t in range(7)]
    for t in (2, 3, 4):
        del frames[t][24.0 - 4 * t]  # Anna is in front
        frames[t][4.0 * t] = ANNA
    pieces = follow(*frames)
    assert frames_of(pieces) == [[0, 1, 2, 3, 4, 5, 6], [0, 1, 5, 6]]
    assert ways(pieces)[1] == [24, 20, 4, 0]


def test_a_cut_never_joins_two_people_at_the_same_place() -> None:
    pieces = follow({0: ANNA}, {0: ANNA}, {0: BELA}, {0: BELA})
    assert frames_of(pieces) == [[0, 1], [2, 3]]


def test_a_face_that_leaves_and_comes_back_goes_on_where_it_was() -> None:
    assert frames_of(follow({0: ANNA}, {0: ANNA}, {}, {}, {1: ANNA}, {1: ANNA})) == [[0, 1, 4, 5]]


def test_somebody_else_who_comes_to_that_place_is_another_track() -> None:
    assert frames_of(follow({0: ANNA}, {0: ANNA}, {}, {1: BELA}, {1: BELA})) == [[0, 1], [3, 4]]


def test_a_face_that_comes_back_elsewhere_is_another_track() -> None:
    assert len(follow({0: ANNA}, {0: ANNA}, {}, {50: ANNA})) == 2


def test_no_faces_no_tracks() -> None:
    assert follow({}, {}, {}) == []


def test_a_tracklet_does_not_leave_its_shot() -> None:
    face = at(box(0))
    assert frames_of(link(range(4), [face] * 4, [ANNA[None]] * 4, [0, 0, 1, 1])) == [[0, 1], [2, 3]]
