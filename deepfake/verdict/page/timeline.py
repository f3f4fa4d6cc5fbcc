"""A person's scores over time as one small drawing, which needs no script and scales with the page.

The drawing is 1000 units wide and 100 high; time runs to the right and P(fake) up. It is stretched to its place, so it
holds lines alone, whose width does not stretch; numbers and words stand in HTML around it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deepfake.metrics.binary import THRESHOLD
from deepfake.verdict.page.sentences import clock
from deepfake.verdict.result import PersonResult

WIDTH, HEIGHT = 1000, 100
_MOST_MARKS = 500  # of more clips, each five-hundredth of the time is a line from the lowest to the highest score


class Timeline(NamedTuple):
    """The drawing of one person.

    Attributes:
        fake: path of the marks above 0.5, as SVG writes it.
        real: of the others.
        middle: height of 0.5.
        says: the same in a sentence.
        end: the end of the time axis.
    """

    fake: str
    real: str
    middle: float
    says: str
    end: str


def timelines(person: PersonResult, duration_s: float) -> list[tuple[str, Timeline]]:
    """Draw the scores that each detector gave of a person, as several need not score the same clips.

    Returns:
        The name of each detector and its drawing; the name of one alone is empty.
    """
    if not person.detectors:
        lines = [("", timeline(person, duration_s))]
    else:
        lines = [(one.detector, timeline(_by(person, i), duration_s)) for i, one in enumerate(person.detectors)]
    return [(name, line) for name, line in lines if line is not None]


def _by(person: PersonResult, place: int) -> PersonResult:
    """Return a person with the clips and scores of one of several detectors."""
    clips = (replace(clip, score=clip.scores[place]) for clip in person.clips)
    return replace(person, clips=tuple(clip for clip in clips if clip.score is not None))


def timeline(person: PersonResult, duration_s: float) -> Timeline | None:
    """Draw the scores of a person.

    Args:
        person: the person, all of whose clips have a score.
        duration_s: of the file, in seconds.

    Returns:
        The drawing; None if the person has no score, or the file no time, as an image.
    """
    if person.because is not None or not person.clips or duration_s <= 0:
        return None
    of_clips = np.array([(clip.start_s, clip.end_s, clip.score) for clip in person.clips])
    start, end, score = of_clips.T
    total = max(duration_s, float(end.max()))
    x0, x1, y = WIDTH * start / total, WIDTH * end / total, HEIGHT * (1 - score)
    low, high = y, y
    if len(score) > _MOST_MARKS:
        place = (x0 + x1) / 2 * _MOST_MARKS // WIDTH
        begins = np.flatnonzero(np.diff(place, prepend=-1))
        x0 = x1 = (place[begins] + 0.5) * WIDTH / _MOST_MARKS
        low, high = np.maximum.reduceat(y, begins), np.minimum.reduceat(y, begins)
    marks: dict[bool, list[str]] = {True: [], False: []}
    for a, b, bottom, top in zip(x0, x1, low, high, strict=True):
        marks[bool(top < HEIGHT * (1 - THRESHOLD))].append(f"M{a:.1f} {bottom:.1f}L{b:.1f} {top:.1f}")
    highest = person.clips[int(score.argmax())]
    says = (
        f"P(fake) of {len(score)} clips of person {person.person} from {clock(person.start_s)} to "
        f"{clock(person.end_s)}: between {score.min():.2f} and {score.max():.2f}, median {np.median(score):.2f}; "
        f"highest at {clock(highest.start_s)}"
    )
    return Timeline("".join(marks[True]), "".join(marks[False]), HEIGHT * (1 - THRESHOLD), says, clock(total))
