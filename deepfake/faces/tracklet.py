"""A face in a segment, a person in a video, and the box that stands for either. Pure: numbers in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torchvision import ops

from deepfake.faces.looks import Appearance, merged


@dataclass(frozen=True, slots=True)
class Tracklet:
    """One face in one segment.

    Attributes:
        frames: (N,) int64, frame indices in the video, ascending.
        boxes: (N, 4) float32, x0, y0, x1, y1 in pixels of the frame; may extend beyond its border.
        scores: (N,) float32, the finder's confidence in [0, 1].
        landmarks: (N, 5, 2) float32, x, y of left eye, right eye, nose, left and right corner of the mouth.
        looks: (N, D) how it looks in each frame, see `deepfake.faces.looks`; None if nobody has to be recognised.
        seen: how the person looks in a few of the frames; None likewise.
    """

    frames: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray
    looks: np.ndarray | None = None
    seen: Appearance | None = None

    @property
    def start(self) -> int:
        return int(self.frames[0])

    @property
    def end(self) -> int:
        """Index of the last frame."""
        return int(self.frames[-1])


@dataclass(frozen=True, slots=True)
class Person:
    """One person in a video.

    Attributes:
        tracklets: in order of time; no two share a frame.
    """

    tracklets: Sequence[Tracklet]

    @property
    def boxes(self) -> np.ndarray:
        """(N, 4) the boxes of all frames."""
        return np.concatenate([tracklet.boxes for tracklet in self.tracklets])

    @property
    def area(self) -> float:
        """Sum of the boxes' areas; largest for the main person, whose face is large and always there."""
        boxes = self.boxes
        return float((boxes[:, 2:] - boxes[:, :2]).prod(-1).sum())


@dataclass(frozen=True, slots=True)
class Box:
    """The one box that stands for a face in a segment, in pixels of the frame.

    Attributes:
        x: column of the centre.
        y: row of the centre.
        width: width of the finder's box.
        height: height of the finder's box.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def side(self) -> float:
        """Side of the square box: the longer of width and height."""
        return max(self.width, self.height)


def smooth(boxes: np.ndarray) -> Box:
    """Replace many boxes by one of median centre, width and height, so that the finder's jitter is not a cue.

    It is rounded to a thousandth of a pixel, as in the store, so that a fake that reuses it is cropped identically.

    Args:
        boxes: (N, 4) x0, y0, x1, y1 in pixels.

    Example:
        >>> smooth(np.array([[0, 0, 10, 20], [2, 0, 12, 20], [40, 0, 50, 20]]))
        Box(x=7.0, y=10.0, width=10.0, height=20.0)
    """
    centre = np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0)
    width, height = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    return Box(*(round(float(value), 3) for value in (*centre, width, height)))


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (N, 4) and (M, 4) as x0, y0, x1, y1 -> (N, M) in [0, 1]."""
    overlap: np.ndarray = ops.box_iou(torch.tensor(a), torch.tensor(b)).numpy()
    return np.nan_to_num(overlap, copy=False)  # two boxes without an area divide nothing by nothing


def joined(tracklets: Sequence[Tracklet]) -> Tracklet:
    """Join tracklets of one person in one segment, in order of time."""
    names = ("frames", "boxes", "scores", "landmarks")
    frames, boxes, scores, landmarks = (np.concatenate([getattr(each, name) for each in tracklets]) for name in names)
    looks = [each.looks for each in tracklets if each.looks is not None]
    seen = [each.seen for each in tracklets if each.seen is not None]
    return Tracklet(
        frames,
        boxes,
        scores,
        landmarks,
        np.concatenate(looks) if looks else None,
        merged(seen) if seen else None,
    )
