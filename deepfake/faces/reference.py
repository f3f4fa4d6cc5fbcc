"""The real video that a fake was made from, as the face store holds it: where its faces are, and which was changed.

A fake is made frame by frame from a real video, so the faces are at the same places of the same frames, unless the
forger dropped frames or resized them. In ten of eleven pairs of Celeb-DF, the boxes agree to an IoU of 0.91 or better;
in the eleventh, the fake has 438 frames, the real 472, and the IoU falls to 0.42.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from deepfake.faces.crop import Region, crop
from deepfake.faces.looks import thumbnail
from deepfake.faces.tracklet import Person, Tracklet, box_iou
from deepfake.schema import Status
from deepfake.store import FACE, LANDMARKS, PLACE, SQUARE, FaceStore, decode
from deepfake.video.reader import VideoInfo

MAX_SIZE_DIFFERENCE = 4  # pixels a side: some encoders require a multiple of 2 or 4
MIN_IOU = 0.7  # between 0.42 (other frames) and 0.91 (the same); lets a face move within its segment
MIN_ALIKE = 0.7  # correlation of a fake's square with the real's, which share hair, background and pose
MIN_RATIO = 1.5  # of the changed face's difference to any other's, which is the encoder's noise
# In steps of 255. Anything below is noise: two encodings of one clip differ by 0.1 to 0.9, and one face by up to 1.8
# times as much as the other.
LEAST_DIFFERENCE = 1.0


@dataclass(frozen=True, slots=True)
class Reference:
    """A real that can be compared with its fake frame by frame.

    Attributes:
        store: holds the crops of the real.
        video_id: id of the real.
        crops: its rows in the store.
        people: the people in these rows, the main one first; at least one.
        max_size: side in pixels to which the store shrinks large crops.
    """

    store: FaceStore
    video_id: str
    crops: pd.DataFrame
    people: list[Person]
    max_size: int

    def inside(self, segment: range) -> list[tuple[int, Tracklet]]:
        """The faces in a segment, each with the number of its track."""
        return [
            (number, tracklet)
            for number, person in enumerate(self.people)
            for tracklet in person.tracklets
            if tracklet.start in segment
        ]

    def confirmed(self, frames: np.ndarray, segment: range) -> bool:
        """Whether a fake shows the same scene in a segment, judged by each face's square in its middle frame.

        A face swap changes the inner face but not the hair, the background and the pose, so the two correlate.

        Args:
            frames: (T, H, W, 3) uint8 RGB, the segment in the fake.
            segment: T indices.
        """
        for number, part in self.inside(segment):
            middle = int(part.frames[len(part.frames) // 2])
            there, here = self._pixels(number, middle, frames[middle - segment.start])
            if float(thumbnail(there) @ thumbnail(here)) < MIN_ALIKE:
                return False
        return True

    def differences(self, tracklets: Sequence[Tracklet], frames: np.ndarray, segment: range) -> dict[int, float]:
        """How much the faces of a fake differ from those of the real at the same place, in a segment.

        Args:
            tracklets: the faces of the fake in this segment.
            frames: (T, H, W, 3) uint8 RGB, the segment in the fake.
            segment: T indices.

        Returns:
            Index in `tracklets` -> mean absolute difference of pixels, in steps of 255; without faces that have no
            partner in the real.
        """
        reals = self.inside(segment)
        found = {}
        for i, j in partners(tracklets, [real for _, real in reals]).items():
            track, real = reals[j]
            pixels = [self._pixels(track, int(frame), frames[int(frame) - segment.start]) for frame in real.frames]
            found[i] = float(np.mean([np.abs(a.astype(np.int16) - b).mean() for a, b in pixels]))
        return found

    def _pixels(self, track: int, frame: int, fake_frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a crop of the real and the same square of the same frame of the fake."""
        rows = self.crops[(self.crops["track"] == track) & (self.crops["frame"] == frame)]
        (content,) = self.store.read_images(self.video_id, *(rows[column].to_numpy() for column in PLACE))
        square = Region(*(int(rows[column].iloc[0]) for column in SQUARE))
        return decode(content), crop(fake_frame, square, self.max_size)


def find_reference(store: FaceStore, real_id: str | None, info: VideoInfo, max_size: int) -> Reference | None:
    """Return the real of a fake, or None if the store has no face of it or its frames differ.

    Args:
        store: the store of both videos.
        real_id: id of the real; None if the corpus does not know it.
        info: facts about the fake.
        max_size: side in pixels to which the store shrinks large crops.
    """
    found = store.stored(real_id) if real_id else None
    if real_id is None or found is None:
        return None
    row, crops = found.row, found.crops
    sizes = (row.num_frames, row.height, row.width), (info.num_frames, info.height, info.width)
    if row.status != Status.OK or not aligned(*sizes):
        return None
    return Reference(store, real_id, crops, people_of(crops), max_size)


def aligned(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    """Whether two videos can be compared frame by frame and pixel by pixel.

    Boxes are not scaled if the sizes differ by the few pixels that are allowed: it is unknown whether these were cut
    off, added or squeezed in, and none of it moves a box by more than these pixels.

    Args:
        a: number of frames, height, width.
        b: the same of the other video.

    Example:
        >>> aligned((472, 500, 942), (472, 500, 944)), aligned((472, 500, 942), (438, 500, 942))
        (True, False)
    """
    return a[0] == b[0] and all(abs(x - y) <= MAX_SIZE_DIFFERENCE for x, y in zip(a[1:], b[1:], strict=True))


def people_of(crops: pd.DataFrame) -> list[Person]:
    """Rebuild the people of a stored video; each box is the smoothed one of its segment.

    Args:
        crops: rows of one video, as in the face store.
    """
    ordered = crops.sort_values(["track", "frame"])
    return [
        # A person who is found again elsewhere in a segment has another square there.
        Person([_tracklet(rows) for _, rows in stored.groupby(["segment", *SQUARE], sort=False)])
        for _, stored in ordered.groupby("track", sort=True)
    ]


def _tracklet(rows: pd.DataFrame) -> Tracklet:
    x, y, width, height = rows[FACE].to_numpy(np.float64).T
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1).astype(np.float32)
    landmarks = rows[LANDMARKS].to_numpy(np.float32).reshape(-1, 5, 2)
    return Tracklet(rows["frame"].to_numpy(np.int64), boxes, rows["score"].to_numpy(np.float32), landmarks)


def partners(tracklets: Sequence[Tracklet], reals: Sequence[Tracklet]) -> dict[int, int]:
    """Match the faces of a fake to those of its real, one to one, by the overlap of boxes.

    Returns:
        Index in `tracklets` -> index in `reals`, where the mean IoU over common frames is at least `MIN_IOU`.
    """
    overlap = np.array([[_overlap(each, real) for real in reals] for each in tracklets])
    overlap = overlap.reshape(len(tracklets), len(reals))
    pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
    return {int(i): int(j) for i, j in pairs if overlap[i, j] >= MIN_IOU}


def changed_track(differences: Mapping[int, float]) -> int | None:
    """The forged track: the one that differs clearly more from the real than every other; None if none does.

    Args:
        differences: track -> mean absolute difference between its pixels and the real's at the same place.

    Example:
        >>> changed_track({0: 2.1, 1: 9.5}), changed_track({0: 8.0, 1: 9.5}), changed_track({1: 9.5})
        (1, None, None)
        >>> changed_track({0: 0.4, 1: 0.7})
    """
    ranked = sorted(differences, key=lambda track: differences[track], reverse=True)
    if len(ranked) < 2 or differences[ranked[0]] <= max(MIN_RATIO * differences[ranked[1]], LEAST_DIFFERENCE):
        return None
    return ranked[0]


def _overlap(a: Tracklet, b: Tracklet) -> float:
    """Mean IoU over the frames that both have; 0 if there are no such frames."""
    _, i, j = np.intersect1d(a.frames, b.frames, return_indices=True)
    return float(np.mean([box_iou(a.boxes[[m]], b.boxes[[n]]) for m, n in zip(i, j, strict=True)])) if len(i) else 0.0
