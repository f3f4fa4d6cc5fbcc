"""The faces of a file and their scores -> the file's verdict. Pure functions.

The file's score is that of the person whose score is highest (with `aggregate=mean_all` the mean of all clips). Not
every face counts, and a file of which none counts has no score:

    too short        it does not last for one clip
    too small        the square that the detector is shown is smaller than a third of the detector's input
    blurred          the detector was trained on sharper faces: `deepfake.verdict.quality` has the rule
    compressed       it was trained on faces that were compressed less
    too many faces   more than `MOST_FACES` would be scored: the highest of so many scores is high by chance alone
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deepfake.calibration import Calibration
from deepfake.metrics.binary import THRESHOLD
from deepfake.names import as_text
from deepfake.schema import ClipSpec, Status, VideoRow
from deepfake.scoring import ScoringRule, video_scores
from deepfake.verdict.quality import Seen, outside
from deepfake.verdict.result import ClipScore, Cut, FileResult, PersonResult
from deepfake.verdict.tracks import Track
from deepfake.verdict.verdict import Because, Verdict

SMALLEST = 1 / 3  # side of the square that is cut from the frame, as a share of the side of the detector's input
MOST_FACES = 20
_NO_FACES: Mapping[str, Because] = {
    Status.UNREADABLE: Because.UNREADABLE,
    Status.FAILED: Because.FAILED,
    Status.NO_FACE: Because.NO_FACE,
    Status.TOO_SHORT: Because.TOO_SHORT,
}


def judge(
    path: str,
    row: VideoRow,
    tracks: Sequence[Track],
    rule: ScoringRule,
    spec: ClipSpec,
    calibration: Calibration | None = None,
    seen: Seen | None = None,
) -> FileResult:
    """Return what is found out about a file.

    Args:
        path: the file as it was given.
        row: the outcome of its extraction.
        tracks: its faces, with the scores of their clips.
        rule: how clips become the file's score.
        spec: the detector's input.
        calibration: of scores that this rule gave; None if there is none.
        seen: what the detector was trained on; None if that is not known.
    """
    whys = [_why_not(track, rule, spec, seen) for track in tracks]
    counted = [track for track, why in zip(tracks, whys, strict=True) if why is None]
    measured = _score(counted or [track for track in tracks if len(track.scores)], rule)
    why, reason = _why_no_score(row, tracks, whys, rule, spec, seen)
    if why is Because.TOO_MANY_FACES:
        whys = [each or why for each in whys]
    persons = tuple(_person(track, why, row, rule, calibration) for track, why in zip(tracks, whys, strict=True))
    score = measured if why is None else None
    scored = [person for person in persons if person.score is not None]
    names_one = score is not None and rule.aggregate != "mean_all"
    said = said_of(score, calibration)
    return FileResult(
        path=as_text(path),
        status=Status.TOO_SHORT if why is Because.TOO_SHORT else row.status,
        score=score,
        calibrated=said.calibrated,
        verdict=said.verdict,
        because=why,
        error_rate=said.error_rate,
        person=max(scored, key=lambda person: person.score or 0.0).person if names_one else None,
        num_faces=row.num_faces,
        num_clips=sum(len(track.scores) for track in counted),
        num_sampled=row.num_sampled,
        num_frames=row.num_frames,
        seen_s=round(row.num_sampled / row.fps, 3) if row.fps else 0.0,
        duration_s=_duration(row),
        reason="; ".join(filter(None, [reason, row.reason])),
        remarks=row.remarks,
        raw_score=measured,
        persons=persons,
        error_low=said.error_low,
        error_high=said.error_high,
        cuts=_cuts(row),
        fps=row.fps,
    )


def _cuts(row: VideoRow) -> tuple[Cut, ...] | None:
    return tuple(Cut(frame, second(frame, row.fps)) for frame in json.loads(row.cuts)) if row.cuts else None


def _why_not(track: Track, rule: ScoringRule, spec: ClipSpec, seen: Seen | None) -> Because | None:
    """Return why a face has no score; None if it has one."""
    if rule.tracks == "main" and track.number:
        return Because.NOT_MAIN_FACE
    if not len(track.scores):
        return Because.TOO_SHORT
    if track.cut_size < SMALLEST * spec.size:
        return Because.FACE_TOO_SMALL
    found = _outside(track, seen)
    return found and found[0]


def _outside(track: Track, seen: Seen | None) -> tuple[Because, str] | None:
    return None if seen is None or track.texture is None else outside(track.texture, seen)


def _why_no_score(
    row: VideoRow,
    tracks: Sequence[Track],
    whys: Sequence[Because | None],
    rule: ScoringRule,
    spec: ClipSpec,
    seen: Seen | None,
) -> tuple[Because | None, str]:
    """Return why a file has no score and a sentence on it; None if it has one."""
    if row.status != Status.OK:
        return _NO_FACES[row.status], ""
    counted = whys.count(None)
    if counted > MOST_FACES:
        reason = f"{counted} faces could be scored, and the highest of more than {MOST_FACES} scores is high by chance"
        return Because.TOO_MANY_FACES, reason
    if counted:
        return None, ""
    for track, why in zip(tracks, whys, strict=True):  # the largest face comes first
        if why in (Because.BLURRED, Because.COMPRESSED) and (found := _outside(track, seen)):
            which = "main" if rule.tracks == "main" else "largest such"
            return why, f"of the {which} face: {found[1]}"
    if Because.FACE_TOO_SMALL in whys:
        side = max(track.cut_size for track, why in zip(tracks, whys, strict=True) if why is Because.FACE_TOO_SMALL)
        which = "main" if rule.tracks == "main" else "largest"
        reason = (
            f"the {which} face fills a square of {side:.0f} pixels, less than a third of the detector's {spec.size}"
        )
        return Because.FACE_TOO_SMALL, reason
    which = "the main face does not last" if rule.tracks == "main" else "no face lasts"
    return Because.TOO_SHORT, f"{which} long enough for a clip of {spec.clip_length} frames"


def _score(tracks: Sequence[Track], rule: ScoringRule) -> float | None:
    """Return one score of the clips of some faces; None if there are none."""
    if not tracks:
        return None
    number = np.repeat([track.number for track in tracks], [len(track.scores) for track in tracks])
    scores = np.concatenate([track.scores for track in tracks])
    return float(video_scores(np.zeros_like(number), number, scores, rule.aggregate)[1][0])


def _person(
    track: Track, why: Because | None, row: VideoRow, rule: ScoringRule, calibration: Calibration | None
) -> PersonResult:
    of_one = replace(rule, aggregate="mean") if rule.aggregate == "mean_all" else rule
    measured = _score([track] if len(track.scores) else [], of_one)
    score = measured if why is None else None
    said = said_of(score, calibration)
    return PersonResult(
        person=track.number + 1,
        score=score,
        calibrated=said.calibrated,
        verdict=said.verdict,
        because=why,
        start_s=second(track.first, row.fps),
        end_s=second(track.last + 1, row.fps),
        num_clips=len(track.scores),
        num_frames=track.num_frames,
        box_frame=track.box_frame,
        box=track.box,
        raw_score=measured,
        clips=_clips(track, row.fps),
        thumbnail=track.thumbnail,
    )


def _clips(track: Track, fps: float) -> tuple[ClipScore, ...]:
    """Return the scores of a face over time."""
    middle = track.frames.shape[1] // 2
    return tuple(
        ClipScore(
            start_frame=first,
            end_frame=last,
            start_s=second(first, fps),
            end_s=second(last + 1, fps),
            score=score,
            box=tuple(box),
        )
        for first, last, score, box in zip(
            track.frames[:, 0].tolist(),
            track.frames[:, -1].tolist(),
            track.scores.tolist(),
            track.boxes[:, middle].tolist(),
            strict=True,
        )
    )


def second(frame: int, fps: float) -> float:
    """Return when a frame begins, in seconds from the first one by the average frame rate; 0 if the rate is unknown."""
    return round(frame / fps, 3) if fps else 0.0


class Said(NamedTuple):
    """What a score says; all but the verdict is None without a score or a calibration."""

    verdict: Verdict
    calibrated: float | None = None
    error_rate: float | None = None
    error_low: float | None = None
    error_high: float | None = None


def said_of(score: float | None, calibration: Calibration | None) -> Said:
    """Return what the score of a file or person says; None is no score."""
    if score is None:
        return Said(Verdict.INCONCLUSIVE)
    if calibration is None:
        return Said(Verdict.FAKE if score > THRESHOLD else Verdict.REAL)
    (band,) = calibration.bands_of([score])
    assert band is not None  # only a score that is no number has none
    rates = band.error_rate, band.error_low, band.error_high
    return Said(Verdict(band.name), float(calibration.apply([score])[0]), *rates)


def _duration(row: VideoRow) -> float:
    """Return a video's length in seconds, computed from its frames if the store does not have it; 0 if unknown."""
    return round(row.duration_s or (row.num_frames / row.fps if row.fps else 0.0), 3)
