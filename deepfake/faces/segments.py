"""Which frames of a video are examined, in runs called segments, and the faces of one segment."""

from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np

from deepfake.faces.finders import Finder
from deepfake.faces.keyframes import detect
from deepfake.faces.looks import appearance
from deepfake.faces.people import Segment, rejoined
from deepfake.faces.recipe import ALL, Recipe
from deepfake.faces.tracker import link
from deepfake.faces.tracklet import Tracklet


def segment_frames(num_frames: int, num_segments: int | Literal["all"], segment_length: int) -> list[range]:
    """Spread segments of consecutive frames evenly, one in the middle of each equal part of the video.

    A video too short for all of them gets as many as fit without overlap, so no frame is taken twice. Of `all` the
    segments are these parts themselves, as few as their length allows; none but a short video's only one is shorter
    than half of it.

    Args:
        num_frames: frames of the video.
        num_segments: segments wanted, or `all` for every frame.
        segment_length: frames in each segment; of `all` the most.

    Returns:
        Ascending, disjoint ranges of frame indices; empty if not even one segment fits.

    Example:
        >>> segment_frames(100, 4, 8)
        [range(8, 16), range(33, 41), range(58, 66), range(83, 91)]
        >>> segment_frames(20, 4, 8)
        [range(1, 9), range(11, 19)]
        >>> segment_frames(7, 4, 8)
        []
        >>> segment_frames(19, "all", 8), segment_frames(7, "all", 8)
        ([range(0, 6), range(6, 12), range(12, 19)], [range(0, 7)])
    """
    if num_segments == ALL:
        count = -(-num_frames // segment_length)
        bounds = [num_frames * i // count for i in range(count)] + [num_frames]
        return [range(*ends) for ends in pairwise(bounds)]
    count = min(num_segments, num_frames // segment_length)
    starts = [(num_frames * (2 * i + 1) - segment_length * count) // (2 * count) for i in range(count)]
    return [range(start, start + segment_length) for start in starts]


def find_tracklets(frames: np.ndarray, segment: Segment, finder: Finder, recipe: Recipe) -> tuple[Segment, int]:
    """Follow each face through a segment; also return the number of frames shown to the finder.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        segment: the indices of those frames in the video, and their shots.
        finder: finds faces.
        recipe: only its `detect_every`, `min_score` and `min_face_size` are used.
    """
    faces, looks, num_detected = detect(
        frames,
        finder,
        every=recipe.detect_every,
        min_score=recipe.min_score,
        min_face_size=recipe.min_face_size,
    )
    found = link(segment.span, faces, looks, segment.shots.tolist())
    tracklets = [_with_appearance(each, frames, segment.span) for each in found]
    segment = rejoined(replace(segment, tracklets=tracklets))
    slim = [replace(each, looks=None) for each in segment.tracklets]  # across segments `seen` tells who is who
    return replace(segment, tracklets=slim), num_detected


def _with_appearance(tracklet: Tracklet, frames: np.ndarray, span: range) -> Tracklet:
    """Add how the person looks in the first and the last frame."""
    assert tracklet.looks is not None
    places = sorted({0, len(tracklet.frames) - 1})
    pictures = [frames[tracklet.frames[i] - span.start] for i in places]
    return replace(tracklet, seen=appearance(pictures, tracklet.boxes[places], tracklet.looks[places]))
