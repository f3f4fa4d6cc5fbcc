"""A person's scores over time as one small drawing, with the file's cuts; it needs no script and scales with the page.

The drawing is 1000 units wide and 100 high; time runs to the right and P(fake) up. It is stretched to its place, so it
holds lines alone, whose width does not stretch; numbers and words stand in HTML around it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deepfake.metrics.binary import THRESHOLD
from deepfake.verdict.frames import bounds_of, means_of_frames
from deepfake.verdict.page.sentences import clock
from deepfake.verdict.result import Cut, FileResult, PersonResult

WIDTH, HEIGHT = 1000, 100
_MOST_MARKS = 500  # of more marks, each five-hundredth of the time is a line from the lowest to the highest score


class Timeline(NamedTuple):
    """The drawing of one person.

    Attributes:
        fake: path of the marks above 0.5, as SVG writes it.
        real: of the others.
        middle: height of 0.5.
        says: the same in a sentence.
        end: the end of the time axis.
        of_frames: whether the marks are frames, since clips overlap.
        cuts: place of each cut, and what is said of it; of cuts that lie closer than can be drawn the first.
    """

    fake: str
    real: str
    middle: float
    says: str
    end: str
    of_frames: bool = False
    cuts: tuple[tuple[str, str], ...] = ()


def timelines(person: PersonResult, result: FileResult) -> list[tuple[str, Timeline]]:
    """Draw the scores that each detector gave of a person of a file, as several need not score the same clips.

    Returns:
        The name of each detector and its drawing; the name of one alone is empty.
    """
    parts = [(one.detector, _by(person, i)) for i, one in enumerate(person.detectors)] or [("", person)]
    lines = [(name, timeline(part, result.duration_s, result.fps, result.cuts or ())) for name, part in parts]
    return [(name, line) for name, line in lines if line is not None]


def _by(person: PersonResult, place: int) -> PersonResult:
    """Return a person with the clips and scores of one of several detectors."""
    clips = (replace(clip, score=clip.scores[place]) for clip in person.clips)
    return replace(person, clips=tuple(clip for clip in clips if clip.score is not None))


def timeline(person: PersonResult, duration_s: float, fps: float = 0.0, cuts: Sequence[Cut] = ()) -> Timeline | None:
    """Draw the scores of a person: those of the clips, or, where clips overlap, of each frame the mean of its clips.

    Args:
        person: the person, all of whose clips have a score.
        duration_s: of the file, in seconds.
        fps: average frames per second; 0 if it is not known, and then clips are drawn.
        cuts: of the file.

    Returns:
        The drawing; None if the person has no score, or the file no time, as an image.
    """
    if person.because is not None or not person.clips or duration_s <= 0:
        return None
    of_clips = np.array([(clip.start_s, clip.end_s, clip.score) for clip in person.clips])
    start, end, score = of_clips.T
    frames = _of_frames(person, fps)
    if frames is not None:
        start, end, score = frames
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
    what = f"{len(score)} clips" if frames is None else f"{len(score)} frames"
    says = (
        f"P(fake) of {what} of person {person.person} from {clock(person.start_s)} to "
        f"{clock(person.end_s)}: between {score.min():.2f} and {score.max():.2f}, median {np.median(score):.2f}; "
        f"highest at {clock(start[score.argmax()])}"
    )
    drawn: dict[int, tuple[str, str]] = {}
    for cut in cuts:
        x = WIDTH * cut.second / total
        drawn.setdefault(int(x * _MOST_MARKS // WIDTH), (f"{x:.1f}", f"Cut at {clock(cut.second)}, frame {cut.frame}"))
    ends = HEIGHT * (1 - THRESHOLD), says, clock(total), frames is not None, tuple(drawn.values())
    return Timeline("".join(marks[True]), "".join(marks[False]), *ends)


def _of_frames(person: PersonResult, fps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return start, end and score of each frame in seconds; None where no clips overlap, or the rate is not known."""
    first, last = bounds_of(person.clips)
    if not fps or (first[1:] > last[:-1]).all():
        return None
    score, number = means_of_frames(first, last, np.array([clip.score for clip in person.clips]), int(last.max()) + 1)
    frame = np.flatnonzero(number)
    return frame / fps, (frame + 1) / fps, score[frame]
