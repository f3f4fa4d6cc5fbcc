"""Who is who across segments: vectors for how people look, and people of the demo, who turn, leave and come back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.finders.retinaface_mobilenet import RetinaFaceMobileNet
from deepfake.faces.looks import Appearance
from deepfake.faces.people import Segment, find_cuts, recognise
from deepfake.faces.recipe import Recipe
from deepfake.faces.segments import find_tracklets
from deepfake.faces.tracklet import Tracklet
from deepfake.faces.video_faces import extract_video
from deepfake.store import FaceStore
from deepfake.threads import one_thread
from tests.faces.drawn import Scene, drawn
from tests.faces.test_extract import RECIPE

ANNA, BELA = np.eye(2, 4)  # two people who look nothing like each other
TURNED = 0.15 * ANNA + np.sqrt(1 - 0.15**2) * np.eye(4)[2]  # Anna's face from the side; hair and clothes are hers
HERE, THERE = np.zeros((32, 32, 3), np.int16), np.full((32, 32, 3), 200, np.int16)
LENGTH = 4

Face = tuple[float, np.ndarray, np.ndarray]  # left edge, face, clothes


def segment(number: int, faces: Iterable[Face], scene: np.ndarray = HERE, frames: range = range(LENGTH)) -> Segment:
    """Make a segment with faces 10 px wide that stand still in some of its frames."""
    span = range(100 * number, 100 * number + LENGTH)
    tracklets = []
    for left, grey, clothes in faces:
        boxes = np.array([[left, 0, left + 10, 10]] * len(frames), np.float32)
        seen = Appearance(grey[None], clothes[None, None])
        n = len(frames)
        tracklets.append(Tracklet(np.array(frames) + span.start, boxes, np.ones(n), np.zeros((n, 5, 2)), seen=seen))
    return Segment(span, dict.fromkeys(span, scene), np.zeros(LENGTH, int), tracklets)


def people(*segments: Segment) -> list[list[tuple[int, int]]]:
    return sorted(recognise(segments))


def test_people_are_recognised_whatever_the_order_of_the_finder() -> None:
    found = people(
        segment(0, [(0, ANNA, ANNA), (50, BELA, BELA)]),
        segment(1, [(53, BELA, BELA), (7, ANNA, ANNA)]),
        segment(2, [(9, ANNA, ANNA)]),
    )
    assert found == [[(0, 0), (1, 1), (2, 0)], [(0, 1), (1, 0)]]


def test_who_turns_where_she_was_is_herself() -> None:
    assert people(segment(0, [(0, ANNA, ANNA)]), segment(1, [(7, TURNED, ANNA)])) == [[(0, 0), (1, 0)]]


def test_who_turned_elsewhere_or_was_gone_is_not_taken_for_herself() -> None:
    assert len(people(segment(0, [(0, ANNA, ANNA)]), segment(1, [(70, TURNED, ANNA)]))) == 2
    left = segment(0, [(0, ANNA, ANNA)], frames=range(2))
    assert len(people(left, segment(1, [(0, TURNED, ANNA)]))) == 2


def test_who_is_recognised_is_herself_after_a_while_and_elsewhere() -> None:
    assert people(segment(0, [(0, ANNA, ANNA)]), segment(1, []), segment(2, [(70, ANNA, ANNA)])) == [[(0, 0), (2, 0)]]


@pytest.mark.parametrize("left", [0, 70])
def test_another_person_is_another_person(left: float) -> None:
    assert len(people(segment(0, [(0, ANNA, ANNA)]), segment(1, [(left, BELA, BELA)]))) == 2


def test_over_a_cut_both_the_place_and_the_face_are_the_same() -> None:
    before = segment(0, [(0, ANNA, ANNA)])
    assert len(people(before, segment(1, [(1, ANNA, ANNA)], THERE))) == 1
    assert len(people(before, segment(1, [(30, ANNA, ANNA)], THERE))) == 2
    assert len(people(before, segment(1, [(0, TURNED, ANNA)], THERE))) == 2
    back = people(before, segment(1, [], THERE), segment(2, [(70, ANNA, ANNA)]))
    assert back == [[(0, 0), (2, 0)]]  # away and back again


def test_an_earlier_look_counts() -> None:
    found = people(
        *(segment(i, [(0, face, ANNA)]) for i, face in enumerate((ANNA, TURNED))), segment(2, [(70, ANNA, ANNA)])
    )
    assert found == [[(0, 0), (1, 0), (2, 0)]]


@pytest.mark.parametrize("turned", [0, 20, 300, 1000])
def test_who_comes_back_after_very_many_segments_is_known_by_what_she_looked_like_in_some(turned: int) -> None:
    """Of a thousand segments fifty in the middle show her face, then she is gone, and is back at another place."""
    shown = [*[TURNED] * turned, *[ANNA] * 50, *[TURNED] * turned]
    segments = [segment(i, [(0, look, ANNA)]) for i, look in enumerate(shown)]
    back = segment(len(shown) + 1, [(70, ANNA, ANNA)])
    assert people(*segments, segment(len(shown), []), back) == [[(i, 0) for i in (*range(len(shown)), len(shown) + 1)]]


def test_cuts_are_found_in_segments_and_between() -> None:
    assert find_cuts([]) == ([], 0)
    cut = segment(1, [])
    cut = replace(
        cut, scenes=dict(zip(cut.span, [HERE, HERE, THERE, THERE], strict=True)), shots=np.array([0, 0, 1, 1])
    )
    segments = [segment(0, []), cut, segment(2, [], THERE), segment(3, [])]
    assert find_cuts(segments) == ([cut.span[2]], 1)  # the second is somewhere before segment 3
    span = range(segments[2].span.stop, segments[2].span.stop + 4)
    adjoining = replace(segments[3], span=span, scenes=dict.fromkeys(span, HERE))
    assert find_cuts([*segments[:3], adjoining]) == ([cut.span[2], adjoining.span.start], 0)


def num_shots(segments: Sequence[Segment]) -> int:
    cuts, num_hidden = find_cuts(segments)
    return 1 + len(cuts) + num_hidden


def tracks(scenes: Sequence[Scene], finder: Mtcnn) -> tuple[list[set[int]], int]:
    """Return who is in each track, known by where each person was drawn, and the number of shots."""
    segments, known = [], []
    for number, shown in enumerate(scenes):
        frames, places = drawn(shown, number)
        span = range(100 * number, 100 * number + len(frames))
        found, _ = find_tracklets(frames, Segment.of(span, frames), finder, Recipe(**RECIPE))  # type: ignore[arg-type]
        segments.append(found)
        known.append([min(places, key=lambda who: abs(places[who] - t.boxes[0, ::2].mean())) for t in found.tracklets])
    found, number = recognise(segments), num_shots(segments)
    thinned = [each.thinned() for each in segments]  # as extraction hands them over
    assert (recognise(thinned), num_shots(thinned)) == (found, number)
    return [{known[s][i] for s, i in person} for person in found], number


@pytest.fixture(scope="module")
def finder() -> Iterator[Mtcnn]:
    with one_thread():  # as a worker has
        yield Mtcnn(min_face_size=40)


def test_one_who_turns_leaves_and_comes_back_is_one_track(finder: Mtcnn) -> None:
    for who in (0, 5):
        clip = [Scene({who: 0.4}), Scene({who: 0.45}, yaw=0.3), Scene({}), Scene({who: 0.65}, yaw=-0.3)]
        assert tracks(clip, finder) == ([{who}], 1)


def test_another_who_comes_instead_is_another_track(finder: Mtcnn) -> None:
    for a, b in ((0, 1), (3, 7), (4, 9)):
        assert sorted(map(sorted, tracks([Scene({a: 0.4}), Scene({}), Scene({b: 0.4})], finder)[0])) == [[a], [b]]
        assert sorted(map(sorted, tracks([Scene({a: 0.4}), Scene({b: 0.4})], finder)[0])) == [[a], [b]]


def test_two_who_change_places_are_two_tracks(finder: Mtcnn) -> None:
    found, _ = tracks([Scene({0: 0.28, 1: 0.74}), Scene({0: 0.74, 1: 0.28})], finder)
    assert sorted(map(sorted, found)) == [[0], [1]]


def test_a_cut_to_another_at_the_same_place_is_two_tracks_and_two_shots(finder: Mtcnn) -> None:
    found, number = tracks([Scene({0: 0.5}), Scene({1: 0.5}, room=3)], finder)
    assert sorted(map(sorted, found)) == [[0], [1]] and number == 2


SHARED, WEIGHTS = Path("../shared/videos"), Path("../shared/weights/retinaface/mobilenet0.25_Final.pth")


@pytest.mark.skipif(not SHARED.exists() or not WEIGHTS.exists(), reason="the shared clips are not here")
@pytest.mark.parametrize(("name", "num_tracks", "num_shots"), [("eight_people", 8, 1), ("three_people", 8, 3)])
def test_real_people_are_one_track_each(name: str, num_tracks: int, num_shots: int, tmp_path: Path) -> None:
    """Counted by eye: in each of the two clips, the four segments show eight people."""
    with one_thread():
        finder = RetinaFaceMobileNet(weights=WEIGHTS)
        recipe = {
            **RECIPE,
            "num_segments": 4,
            "segment_length": 8,
            "min_track_length": 4,
            "min_score": 0.9,
            "min_face_size": 32,
            "detect_every": 8,
        }
        store = FaceStore(tmp_path, {"finder": {"_target_": "x.Y"}, **recipe}).open()
        row = extract_video(name, SHARED / f"{name}.mp4", finder, Recipe(**recipe), store).row  # type: ignore[arg-type]
    assert (row.num_faces, row.num_shots) == (num_tracks, num_shots)
