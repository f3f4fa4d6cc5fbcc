"""From the faces of a file and their scores to its verdict, against a plain loop and by each rule."""

import re

import numpy as np
import pytest

from deepfake.calibration import BANDS, EDGES, fit_calibration
from deepfake.schema import ClipSpec, Status, VideoRow
from deepfake.scoring import ScoringRule
from deepfake.verdict import Because, ClipScore, Verdict
from deepfake.verdict.judge import MOST_FACES, judge
from deepfake.verdict.tracks import Track
from tests.calibration.drawn import drawn_videos

SPEC = ClipSpec(4, 1, 1.3, 240, "square", (0.5,) * 3, (0.5,) * 3)
ALL = ScoringRule(tracks="all")
ROW = VideoRow("a", Status.OK, num_frames=100, fps=25.0, num_sampled=32, num_faces=2, duration_s=4.0)


def track(number: int, *scores: float, cut_size: float = 200.0) -> Track:
    frames = 10 + np.arange(4 * len(scores)).reshape(-1, 4)
    boxes = frames[..., None] + np.array([0.0, 1.0, 20.0, 21.0])
    return Track(number, np.array(scores), 12, 10, 59, 20, (1.0, 2.0, 3.0, 4.0), cut_size, frames, boxes, "face")


def test_the_file_has_the_score_of_the_highest_person() -> None:
    result = judge("a.mp4", ROW, [track(0, 0.25, 0.5), track(1, 0.75, 0.625, 0.875)], ALL, SPEC)
    assert (result.score, result.person, result.verdict) == (0.75, 2, Verdict.FAKE)
    assert [person.score for person in result.persons] == [0.375, 0.75]
    assert [person.verdict for person in result.persons] == [Verdict.REAL, Verdict.FAKE]
    assert (result.num_clips, result.seen_s, result.duration_s) == (5, 32 / 25, 4.0)
    second = ClipScore(14, 17, 0.56, 0.72, 0.5, (16.0, 17.0, 36.0, 37.0))  # frames 14 to 17, with the box of frame 16
    assert len(result.persons[0].clips) == 2 and result.persons[0].clips[1] == second
    assert result.persons[0].thumbnail == "face"
    assert (result.persons[0].start_s, result.persons[0].end_s) == (0.4, 2.4)  # frames 10 to 59 at 25 frames a second


def test_a_person_scores_the_same_alone_and_beside_another() -> None:
    alone = judge("a.mp4", ROW, [track(0, 0.1, 0.2, 0.7)], ALL, SPEC)
    beside = judge("a.mp4", ROW, [track(0, 0.1, 0.2, 0.7), track(1, 0.9)], ALL, SPEC)
    assert alone.persons[0] == beside.persons[0]


def test_the_mean_of_all_clips_names_nobody() -> None:
    rule = ScoringRule(tracks="all", aggregate="mean_all")
    result = judge("a.mp4", ROW, [track(0, 0.25, 0.25), track(1, 1.0)], rule, SPEC)
    assert (result.score, result.person) == (0.5, None)
    assert [person.score for person in result.persons] == [0.25, 1.0]


def test_the_main_face_alone() -> None:
    result = judge("a.mp4", ROW, [track(0, 0.25), track(1)], ScoringRule(tracks="main"), SPEC)
    assert (result.score, result.person) == (0.25, 1)
    assert result.persons[1].because is Because.NOT_MAIN_FACE


@pytest.mark.parametrize(
    ("tracks", "because", "words", "raw"),
    [
        ([track(0), track(1)], Because.TOO_SHORT, "no face lasts long enough for a clip of 4 frames", None),
        ([track(0, 0.5, cut_size=79.0)], Because.FACE_TOO_SMALL, "79 pixels, less than a third of .* 240", 0.5),
        ([track(i, 0.5) for i in range(MOST_FACES + 1)], Because.TOO_MANY_FACES, "21 faces could be scored", 0.5),
    ],
)
def test_faces_that_do_not_count_give_a_reason_and_no_score(
    tracks: list[Track], because: Because, words: str, raw: float | None
) -> None:
    result = judge("a.mp4", ROW, tracks, ALL, SPEC)
    assert (result.score, result.person, result.verdict) == (None, None, Verdict.INCONCLUSIVE)
    assert result.because is because and result.raw_score == raw and result.readable
    assert re.search(words, result.reason)


@pytest.mark.parametrize("score", [0.02, 0.2, 0.4, 0.5, 0.6, 0.8, 0.99])
def test_a_calibrated_score_has_a_band_with_the_error_rate_of_val(score: float) -> None:
    scores, labels, people = drawn_videos(200, 200)
    calibration = fit_calibration(scores, labels, "platt", people)
    result = judge("a.mp4", ROW, [track(0, score)], ALL, SPEC, calibration)
    odds = calibration.calibrator.slope * np.log(score / (1 - score)) + calibration.calibrator.intercept
    expected = 1 / (1 + np.exp(-odds))
    assert result.score == score and result.calibrated == pytest.approx(expected, rel=1e-12)
    place = sum(expected > edge for edge in EDGES)
    assert result.verdict == BANDS[place] and result.error_rate == calibration.bands[place].error_rate
    assert (result.persons[0].calibrated, result.persons[0].verdict) == (result.calibrated, result.verdict)
    small = judge("a.mp4", ROW, [track(0, score, cut_size=10.0)], ALL, SPEC, calibration)
    assert (small.calibrated, small.error_rate, small.verdict) == (None, None, Verdict.INCONCLUSIVE)


def test_every_band_is_a_verdict() -> None:
    assert [Verdict(name).value for name in BANDS] == list(BANDS)


def test_a_small_face_does_not_count_beside_a_large_one() -> None:
    result = judge("a.mp4", ROW, [track(0, 0.25), track(1, 0.99, cut_size=79.9)], ALL, SPEC)
    assert (result.score, result.person, result.because) == (0.25, 1, None)
    small = result.persons[1]
    assert (small.score, small.raw_score, small.because) == (None, 0.99, Because.FACE_TOO_SMALL)
    assert judge("a.mp4", ROW, [track(0, 0.99, cut_size=80.0)], ALL, SPEC).score == 0.99  # a third is enough


@pytest.mark.parametrize("status", [status for status in Status if status != Status.OK])
def test_a_file_without_faces_has_no_number(status: Status) -> None:
    result = judge("a.mp4", VideoRow("a", status, "why"), [], ALL, SPEC)
    assert result.score is result.raw_score is None and result.reason == "why" and result.persons == ()
    assert result.because is not None and result.because.value == status.value.replace("_", " ")
    assert result.readable == (status in (Status.NO_FACE, Status.TOO_SHORT))
