"""Following faces: worked examples with hand-drawn boxes, and vectors for how a face looks."""

from collections.abc import Sequence

import numpy as np
import pytest

from deepfake.faces.finders.finder import Faces
from deepfake.faces.tracker import Face, Piece, area, box_iou, join, joined, link, smooth

Box = tuple[float, float, float, float]
ANNA, BELA = np.eye(2, 4)  # two people who look nothing like each other


def at(*boxes: Box) -> Faces:
    n = len(boxes)
    return Faces(np.array(boxes, np.float32).reshape(n, 4), np.ones(n, np.float32), np.zeros((n, 5, 2), np.float32))


def box(x: float, y: float = 0, side: float = 10) -> Box:
    return x, y, x + side, y + side


def follow(*frames: dict[float, np.ndarray], first: int = 0) -> list[Piece]:
    """Faces 10 px wide: in each frame, left edge -> who it is."""
    faces = [at(*(box(x) for x in frame)) for frame in frames]
    looks = [np.stack(list(frame.values())) if frame else np.zeros((0, 4)) for frame in frames]
    return link(range(first, first + len(frames)), faces, looks)


def ways(pieces: list[Piece]) -> list[list[float]]:
    return [piece.track.boxes[:, 0].tolist() for piece in pieces]


def frames_of(pieces: list[Piece]) -> list[list[int]]:
    return [piece.track.frames.tolist() for piece in pieces]


def test_iou() -> None:
    a = np.array([[0, 0, 10, 10]], float)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    assert box_iou(a, b)[0] == pytest.approx([1, 1 / 3, 0])


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


SHOT, OTHER_SHOT = np.eye(2)


def recognise(
    *frames: dict[float, np.ndarray], shots: Sequence[np.ndarray] | None = None
) -> tuple[list[list[tuple[int, int]]], list[list[Piece]]]:
    """Segments of two equal frames each, in shots of their own unless told otherwise."""
    parts = [follow(frame, frame, first=100 * i) for i, frame in enumerate(frames)]
    scenes = np.eye(len(frames)) if shots is None else shots
    return join(parts, [np.stack([scene, scene]) for scene in scenes]), parts


def test_a_face_is_recognised_in_the_next_segment_by_place_and_look() -> None:
    tracks, parts = recognise({0: ANNA, 50: BELA}, {53: BELA, 7: ANNA}, {9: ANNA})
    assert sorted(tracks) == [[(0, 0), (1, 1), (2, 0)], [(0, 1), (1, 0)]]
    whole = joined([parts[s][i].track for s, i in tracks[0]])
    assert whole.frames.tolist() == [0, 1, 100, 101, 200, 201]
    assert whole.boxes[:, 0].tolist() == [0, 0, 7, 7, 9, 9]


TURNED = 0.6 * ANNA + 0.8 * np.eye(4)[2]  # Anna, or somebody a little like her


@pytest.mark.parametrize("then", [{0: BELA}, {30: ANNA}, {0: TURNED}], ids=["another person", "far away", "doubtful"])
def test_segments_of_a_doubtful_likeness_are_two_tracks(then: dict[float, np.ndarray]) -> None:
    assert recognise({0: ANNA}, then)[0] == [[(0, 0)], [(1, 0)]]


def test_within_one_shot_a_face_that_turned_is_itself_where_it_was() -> None:
    assert recognise({0: ANNA}, {1: TURNED}, shots=[SHOT, SHOT])[0] == [[(0, 0), (1, 0)]]
    assert recognise({0: ANNA}, {7: TURNED}, shots=[SHOT, SHOT])[0] == [[(0, 0)], [(1, 0)]]
    assert recognise({0: ANNA}, {0: BELA}, shots=[SHOT, SHOT])[0] == [[(0, 0)], [(1, 0)]]


def test_a_face_that_misses_a_segment_goes_on_in_the_one_after() -> None:
    assert recognise({0: ANNA}, {}, {2: ANNA})[0] == [[(0, 0), (2, 0)]]
    between = recognise({0: ANNA}, {}, {2: TURNED}, shots=[SHOT, OTHER_SHOT, SHOT])
    assert between[0] == [[(0, 0), (2, 0)]]


def test_the_area_of_a_track_counts_size_and_duration() -> None:
    small, large = follow(*[{0: ANNA}] * 3), link([0], [at(box(0, side=20))], [ANNA[None]])
    assert (area(small[0].track), area(large[0].track)) == (300, 400)


def test_one_detection_that_jumps_does_not_move_the_smooth_box() -> None:
    boxes = np.array([box(0), box(1), box(2), box(40)])
    assert smooth(boxes) == Face(6.5, 5, 10, 10)
    assert Face(0, 0, 30, 40).side == 40
