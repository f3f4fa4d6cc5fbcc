"""Copies of files with a box around each person where the detector looked, and what it said there.

A box stands still over a clip and for a fifth of a second after it, then fades, and is gone a second after the clip or
at a cut: where no box is, nothing was looked at lately.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from deepfake.atomic import partial_name
from deepfake.content import digest_of_bytes
from deepfake.faces.shots import same_shot, scene
from deepfake.names import as_id, fitted
from deepfake.report.lettering import Lettering
from deepfake.report.palette import FAKE, INK, PAPER, REAL, UNLABELLED
from deepfake.schema import IMAGE_SUFFIXES
from deepfake.verdict.frames import frame_scores
from deepfake.verdict.result import ClipScore, FileResult, PersonResult
from deepfake.verdict.verdict import Verdict
from deepfake.video import open_video
from deepfake.video.redrawn import write_redrawn

FOLDER = "annotated"
_Place = tuple[int, int, int, int]  # left, top, right, bottom
_WIDEST = 3.0  # a label's width with the clip's own score, as a multiple of the box's
_HELD_S, _GONE_S = 0.2, 1.0
_LINE, _LETTERS = 0.008, 0.05  # of the shorter side of the picture
_SMALLEST_LINE, _SMALLEST_LETTERS = 3, 14  # pixels
_STYLES = {  # words on a label, colour, and colour of the letters
    Verdict.STRONG_FAKE: ("strong fake", FAKE, PAPER),
    Verdict.MODERATE_FAKE: ("moderate fake", FAKE, PAPER),
    Verdict.FAKE: ("fake", FAKE, PAPER),
    Verdict.NOT_CONCLUSIVE: ("not conclusive", UNLABELLED, INK),
    Verdict.INCONCLUSIVE: ("inconclusive", UNLABELLED, INK),
    Verdict.REAL: ("real", REAL, PAPER),
    Verdict.MODERATE_REAL: ("moderate real", REAL, PAPER),
    Verdict.STRONG_REAL: ("strong real", REAL, PAPER),
}


def annotated_path(source: Path, output: Path) -> Path:
    """Return where the copy of a file goes: its name, and a hash of its place, since names repeat in folders."""
    place = digest_of_bytes(os.fsencode(os.path.abspath(source)), 4)
    suffix = ".png" if source.suffix.lower() in IMAGE_SUFFIXES else ".mp4"
    return output / FOLDER / f"{fitted(as_id(source.stem), 220)}-{place}{suffix}"


def is_copy(path: Path) -> bool:
    """Return whether a path is one that `annotated_path` returns.

    Example:
        >>> is_copy(Path("out/annotated/a-0123abcd.mp4")), is_copy(Path("annotated/film-2.mp4"))
        (True, False)
    """
    return path.parent.name == FOLDER and re.search(r"-[0-9a-f]{8}\.(mp4|png)$", path.name) is not None


def annotate(source: Path, target: Path, result: FileResult, weights: Sequence[float] = ()) -> str:
    """Write the annotated copy of a file, whole or not at all, and return remarks on it; the file itself is only read.

    Args:
        source: a video, whose copy is H.264 in MP4, or an image, whose copy is a PNG.
        target: as `annotated_path` returns it; its folder is made.
        result: what was found out about the file.
        weights: of several detectors, by which their scores of a frame are combined.

    Raises:
        UnreadableVideoError: the file cannot be read.
        OSError: the disk is full or read-only.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{partial_name()}")
    marker = _Marker(result, weights)
    try:
        if target.suffix == ".png":
            with open_video(source) as image:
                Image.fromarray(marker.draw(0, image.read([0])[0])).save(partial, "PNG")
            remark = ""
        else:
            remark = write_redrawn(source, partial, marker.draw)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return remark


class _Marker:
    """Draws the boxes of a file's persons.

    Args:
        result: the file's result.
        weights: of several detectors.
    """

    def __init__(self, result: FileResult, weights: Sequence[float] = ()) -> None:
        self._persons = [person for person in reversed(result.persons) if person.clips]  # the largest is drawn last
        self._starts = [[clip.start_frame for clip in person.clips] for person in self._persons]
        # Clips of several detectors may lie in each other: of those that have begun, the one that ends last is shown.
        self._lasting = [list(accumulate(person.clips, _later)) for person in self._persons]
        self._scores = [frame_scores(person, _reach(person), weights) for person in self._persons]
        self._fps = result.num_frames / result.duration_s if result.duration_s else 0.0
        self._letters: Lettering | None = None
        self._before: np.ndarray | None = None
        self._shot_start = 0

    def draw(self, frame: int, picture: np.ndarray) -> np.ndarray:
        """Return a frame with its boxes, (H, W, 3) uint8 RGB as is the picture; frames come in their order."""
        now = scene(picture)
        if self._before is not None and not same_shot(self._before, now):
            self._shot_start = frame
        self._before = now
        labels: list[_Place] = []
        each_person = zip(self._persons, self._starts, self._lasting, self._scores, strict=True)
        for person, starts, lasting, of_frames in each_person:
            number = bisect_right(starts, frame) - 1
            if number < 0:
                continue
            clip = lasting[number]
            if clip.end_frame < self._shot_start:
                continue
            age = max(0, frame - clip.end_frame) / self._fps if self._fps else 0.0
            strength = 1 - max(0.0, age - _HELD_S) / (_GONE_S - _HELD_S)
            if strength > 0:
                last = min(frame, clip.end_frame)
                marked = self._marked(picture, person, of_frames.boxes[last], of_frames.score[last], labels)
                mixed = picture + (marked.astype(np.float32) - picture) * strength if strength < 1 else marked
                picture = np.rint(mixed).astype(np.uint8)
        return picture

    def _marked(
        self,
        picture: np.ndarray,
        person: PersonResult,
        box: np.ndarray,
        score: float,
        labels: list[_Place],
    ) -> np.ndarray:
        """Draw one person, and add the place of the label to those of this frame."""
        height, width = picture.shape[:2]
        image = Image.fromarray(np.ascontiguousarray(picture))
        draw = ImageDraw.Draw(image)
        words, colour, ink = _STYLES[person.verdict]
        line = max(_SMALLEST_LINE, round(_LINE * min(height, width)))
        left, top, right, bottom = (round(value) for value in box)
        outer = left - line, top - line, right + line, bottom + line
        draw.rectangle(outer, outline=PAPER, width=1)
        draw.rectangle((outer[0] + 1, outer[1] + 1, outer[2] - 1, outer[3] - 1), outline=colour, width=line)
        letters = self._lettering(height, width)
        # A person without a score gets no number, as everywhere.
        text = f"{person.person} {words}" + ("" if person.score is None else f" {_of(person):.2f}")
        if person.score is not None and not np.isnan(score):
            whole = f"{text}, here {score:.2f}"
            text = whole if letters.length(whole) < _WIDEST * (right - left) else text  # it would hide others
        text = letters.fitted(text, width - letters.size, head_share=1.0)
        pad = letters.size // 4
        place = _free(outer, (round(letters.length(text)) + 2 * pad, letters.size + 2 * pad), (width, height), labels)
        labels.append(place)
        draw.rectangle(place, fill=colour)
        letters.write(draw, (place[0] + pad, place[1] + pad + 0.8 * letters.size), text, ink)
        return np.asarray(image)

    def _lettering(self, height: int, width: int) -> Lettering:
        if self._letters is None:
            self._letters = Lettering(max(_SMALLEST_LETTERS, round(_LETTERS * min(height, width))))
        return self._letters


def _reach(person: PersonResult) -> int:
    """Return the number of frames that a person's clips reach to."""
    return max(clip.end_frame for clip in person.clips) + 1


def _later(one: ClipScore, other: ClipScore) -> ClipScore:
    """Return the clip that ends last; of two that end at once the other."""
    return other if other.end_frame >= one.end_frame else one


def _free(outer: _Place, size: tuple[int, int], picture: tuple[int, int], taken: Sequence[_Place]) -> _Place:
    """Return where a label goes: above its box, below it, or further up or down where others are in the way.

    Args:
        outer: the box, as left, top, right and bottom.
        size: width and height of the label.
        picture: width and height of the picture.
        taken: the other labels.

    Example:
        >>> _free((10, 50, 40, 80), (30, 10), (100, 100), [])
        (10, 40, 40, 50)
        >>> _free((10, 50, 40, 80), (30, 10), (100, 100), [(0, 35, 20, 45), (0, 85, 20, 95)])
        (10, 24, 40, 34)
    """
    (across, down), (width, height) = size, picture
    x = min(max(0, outer[0]), max(0, width - across))
    above, below = outer[1] - down, outer[3]
    steps = [(down + 1) * step // 2 if step > 1 else 0 for step in range(1, 14)]
    tried = [y for step in steps for y in (above - step, below + step) if 0 <= y <= height - down]
    places = [(x, y, x + across, y + down) for y in tried or [max(0, min(below, height - down))]]
    apart = (p for p in places if not any(_meet(p, other) for other in taken))
    return next(apart, places[0])


def _meet(one: _Place, other: _Place) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _of(person: PersonResult) -> float:
    score = person.score if person.calibrated is None else person.calibrated
    assert score is not None
    return score
