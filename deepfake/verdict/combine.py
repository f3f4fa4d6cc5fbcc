"""What several detectors say of a file -> one result. Pure functions.

A person's score is the sigmoid of the weighted mean of the detectors' logits, each of the person's score by the
detector's own rule, and the file's score is that of the person whose score is highest. **A person whom one detector
has no score of has no combined score**: a mean over fewer detectors would be another one, which neither the weights
nor the calibration speak of. What the others say of this person stands beside it, and the file's `reason` names it.
"""

from collections.abc import Sequence
from dataclasses import replace

from deepfake.calibration import Calibration, combined
from deepfake.schema import Status
from deepfake.verdict.judge import said_of
from deepfake.verdict.result import ClipScore, DetectorScore, FileResult, PersonResult
from deepfake.verdict.verdict import Because

Results = Sequence[FileResult | PersonResult]
# Of several reasons why a person or a file has no score, the first one here is given.
_ORDER = (
    Because.TOO_MANY_FACES,
    Because.BLURRED,
    Because.COMPRESSED,
    Because.FACE_TOO_SMALL,
    Because.TOO_SHORT,
    Because.NOT_MAIN_FACE,
)


def combine(
    results: Sequence[FileResult],
    names: Sequence[str],
    weights: Sequence[float],
    reason: str,
    status: Status,
    calibration: Calibration | None = None,
) -> FileResult:
    """Return what all detectors together say of a file.

    Args:
        results: of each detector, uncalibrated, of the same extraction; their reasons are about the scores alone.
        names: of the detectors.
        weights: of the detectors, which sum to 1.
        reason: what part of the file could not be used, in words.
        status: the outcome of the extraction.
        calibration: of combined scores; None if there is none.
    """
    of_persons = zip(*(result.persons for result in results), strict=True)
    persons = tuple(_person(each, names, weights, calibration) for each in of_persons)
    scored = [person for person in persons if person.score is not None]
    measured = [person.raw_score for person in scored or persons if person.raw_score is not None]
    best = max(scored, key=lambda person: person.score or 0.0) if scored else None
    score = None if best is None else best.score
    because = None if scored else _why(persons) if persons else results[0].because
    own = [f"{name}: {one.reason}" for name, one in zip(names, results, strict=True) if one.reason]
    said = said_of(score, calibration)
    return replace(
        results[0],
        status=Status.TOO_SHORT if because is Because.TOO_SHORT else status,
        score=score,
        calibrated=said.calibrated,
        verdict=said.verdict,
        because=because,
        error_rate=said.error_rate,
        person=None if best is None else best.person,
        num_clips=sum(result.num_clips for result in results),
        reason="; ".join(filter(None, [*own, _partly(persons), reason])),
        raw_score=max(measured, default=None),
        persons=persons,
        error_low=said.error_low,
        error_high=said.error_high,
        detectors=_beside(results, names),
    )


def _why(each: Results) -> Because | None:
    return next((why for why in _ORDER if any(one.because is why for one in each)), None)


def _partly(persons: Sequence[PersonResult]) -> str:
    """Name the persons whom a part of the detectors alone has a score of."""
    found = [
        str(person.person)
        for person in persons
        if person.score is None and any(one.score is not None for one in person.detectors)
    ]
    if not found:
        return ""
    who = f"person {found[0]} has" if len(found) == 1 else f"persons {', '.join(found)} have"
    return f"{who} no score of some detectors, and so no combined one"


def _person(
    own: Sequence[PersonResult], names: Sequence[str], weights: Sequence[float], calibration: Calibration | None
) -> PersonResult:
    because = _why(own)
    measured = _mean([person.raw_score for person in own], weights)
    score = measured if because is None else None
    said = said_of(score, calibration)
    return replace(
        own[0],
        score=score,
        calibrated=said.calibrated,
        verdict=said.verdict,
        because=because,
        num_clips=sum(person.num_clips for person in own),
        raw_score=measured,
        clips=_clips(own, weights),
        detectors=_beside(own, names),
    )


def _beside(own: Results, names: Sequence[str]) -> tuple[DetectorScore, ...]:
    """Return what each detector says by itself."""
    return tuple(
        DetectorScore(name, one.score, one.because, one.person, one.num_clips, one.raw_score)
        for name, one in zip(names, own, strict=True)
    )


def _mean(scores: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """Return the combined score; None if a detector has none."""
    there = [score for score in scores if score is not None]
    return float(combined([there], weights)[0]) if len(there) == len(weights) else None


def _clips(own: Sequence[PersonResult], weights: Sequence[float]) -> tuple[ClipScore, ...]:
    """Return a row for each stretch of frames that a detector scored, by its start, the longest first."""
    found: dict[tuple[int, int], list[ClipScore | None]] = {}
    for number, person in enumerate(own):
        for clip in person.clips:
            found.setdefault((clip.start_frame, -clip.end_frame), [None] * len(own))[number] = clip
    rows = []
    for place in sorted(found):
        clips = found[place]
        scores = tuple(None if clip is None else clip.score for clip in clips)
        first = next(clip for clip in clips if clip is not None)
        rows.append(replace(first, score=_mean(scores, weights), scores=scores))
    return tuple(rows)
