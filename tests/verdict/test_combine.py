"""From what several detectors say of a file to one result, against plain loops and by each rule."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfake.calibration import fit_calibration
from deepfake.schema import Status, VideoRow
from deepfake.scoring import ScoringRule
from deepfake.verdict import Because, FileResult, Verdict
from deepfake.verdict.combine import combine
from deepfake.verdict.judge import MOST_FACES, judge
from deepfake.verdict.result import as_plain, from_plain
from deepfake.verdict.tracks import Track
from tests.calibration.drawn import drawn_videos
from tests.verdict.test_judge import ALL, ROW, SPEC, track

NAMES, WEIGHTS = ("a", "b"), (0.75, 0.25)


def result(
    *tracks: list[Track], row: VideoRow = ROW, rules: tuple[ScoringRule, ...] = (ALL, ALL), **given: Any
) -> FileResult:
    found = [judge("x.mp4", replace(row, reason=""), of, rule, SPEC) for of, rule in zip(tracks, rules, strict=True)]
    return combine(found, NAMES, WEIGHTS, row.reason, row.status, **given)


def mean(a: float, b: float) -> float:
    x = 0.75 * math.log(a / (1 - a)) + 0.25 * math.log(b / (1 - b))
    return 1 / (1 + math.exp(-x))


def test_the_file_has_the_score_of_the_person_whose_combined_score_is_highest() -> None:
    """Detector a finds person 1 the more suspicious, b person 2."""
    found = result([track(0, 0.4, 0.2), track(1, 0.3)], [track(0, 0.1), track(1, 0.9, 0.7)])
    first, second = mean(0.3, 0.1), mean(0.3, 0.8)
    assert [person.score for person in found.persons] == pytest.approx([first, second], rel=1e-14)
    assert found.score == found.persons[1].score and found.person == 2 and found.raw_score == found.score
    assert found.verdict is (Verdict.FAKE if second > 0.5 else Verdict.REAL) and found.because is None
    alone = [judge("x.mp4", ROW, tracks, ALL, SPEC) for tracks in ([track(0, 0.4, 0.2), track(1, 0.3)],)]
    assert [each.score for each in found.detectors] == pytest.approx([0.3, 0.8], rel=1e-15)
    assert found.detectors[0].score == alone[0].score  # to the last bit what it says alone
    assert [each.detector for each in found.detectors] == ["a", "b"] and [d.person for d in found.detectors] == [1, 2]
    assert [d.score for d in found.persons[0].detectors] == pytest.approx([0.3, 0.1], rel=1e-15)
    assert (found.num_clips, found.persons[1].num_clips) == (6, 3)
    assert from_plain(json.loads(json.dumps(as_plain(found)))) == found


def test_one_who_lacks_a_score_of_one_detector_has_none_and_is_named() -> None:
    row = replace(ROW, reason="the end is damaged")
    found = result([track(0, 0.2), track(1, 0.99)], [track(0, 0.2), track(1)], row=row)
    assert (found.score, found.person, found.because) == (pytest.approx(0.2), 1, None)
    second = found.persons[1]
    assert (second.score, second.raw_score, second.because) == (None, None, Because.TOO_SHORT)
    assert [each.score for each in second.detectors] == [0.99, None]
    assert found.detectors[0].score == 0.99  # which nobody overlooks
    assert found.reason == "person 2 has no score of some detectors, and so no combined one; the end is damaged"


@pytest.mark.parametrize(
    ("a", "b", "because", "status", "reason"),
    [
        (
            [track(0, 0.9)],
            [track(0)],
            Because.TOO_SHORT,
            Status.TOO_SHORT,
            "b: no face lasts long enough for a clip of 4 frames; person 1 has no score of some detectors, and so no "
            "combined one",
        ),
        (
            [track(0, 0.9, cut_size=9.0), track(1, 0.5)],
            [track(0, 0.9), track(1)],
            Because.FACE_TOO_SMALL,
            Status.OK,
            "persons 1, 2 have no score of some detectors, and so no combined one",
        ),
        (
            [track(0)],
            [track(0)],
            Because.TOO_SHORT,
            Status.TOO_SHORT,
            "a: no face lasts long enough for a clip of 4 frames; b: no face lasts long enough for a clip of 4 frames",
        ),
    ],
)
def test_a_file_without_a_combined_score_says_why(
    a: list[Track], b: list[Track], because: Because, status: Status, reason: str
) -> None:
    found = result(a, b)
    assert (found.score, found.person, found.verdict) == (None, None, Verdict.INCONCLUSIVE)
    assert (found.because, found.status, found.reason) == (because, status, reason)


def test_too_many_faces_for_one_are_too_many_for_all() -> None:
    many = [track(i, 0.9) for i in range(MOST_FACES + 1)]
    few = [track(i, 0.9, cut_size=200.0 if i < 3 else 9.0) for i in range(MOST_FACES + 1)]
    found = result(many, few)
    assert found.because is Because.TOO_MANY_FACES and {p.because for p in found.persons} == {Because.TOO_MANY_FACES}
    assert found.reason.startswith(f"a: {MOST_FACES + 1} faces could be scored")


@pytest.mark.parametrize("status", [status for status in Status if status != Status.OK])
def test_a_file_without_faces(status: Status) -> None:
    row = VideoRow("a", status, "why")
    found, alone = result([], [], row=row), judge("x.mp4", row, [], ALL, SPEC)
    assert replace(found, detectors=()) == alone
    assert [each.because for each in found.detectors] == [alone.because] * 2


def test_main_faces() -> None:
    main = ScoringRule(tracks="main")
    found = result([track(0, 0.9), track(1)], [track(0, 0.9), track(1, 0.99)], rules=(main, ALL))
    assert found.person == 1 and found.persons[1].because is Because.NOT_MAIN_FACE
    assert "person 2 has no score of some detectors" in found.reason


def test_a_calibration_speaks_of_the_combined_score() -> None:
    calibration = fit_calibration(*drawn_videos(60, 60)[:2], "platt")
    found = result([track(0, 0.8)], [track(0, 0.6)], calibration=calibration)
    assert found.score is not None
    assert found.calibrated == calibration.apply([found.score])[0] == found.persons[0].calibrated
    (band,) = calibration.bands_of([found.score])
    assert band is not None and (found.verdict, found.error_rate) == (Verdict(band.name), band.error_rate)


def test_clips_of_the_same_frames_are_combined_and_others_stand_apart() -> None:
    def person(frames: list[range], *scores: float) -> Track:
        of_clips = np.array([list(each) for each in frames])
        return replace(track(0, *scores), frames=of_clips, boxes=np.zeros((*of_clips.shape, 4)))

    same = result([track(0, 0.8, 0.6)], [track(0, 0.4, 0.2)]).persons[0].clips
    assert [clip.scores for clip in same] == [(0.8, 0.4), (0.6, 0.2)]
    assert [clip.score for clip in same] == pytest.approx([mean(0.8, 0.4), mean(0.6, 0.2)], rel=1e-14)
    mixed = (
        result([person([range(1), range(5, 6)], 0.8, 0.6)], [person([range(4), range(4, 8)], 0.4, 0.2)])
        .persons[0]
        .clips
    )
    assert [(clip.start_frame, clip.end_frame, clip.score, clip.scores) for clip in mixed] == [
        (0, 3, None, (None, 0.4)),
        (0, 0, None, (0.8, None)),
        (4, 7, None, (None, 0.2)),
        (5, 5, None, (0.6, None)),
    ]
