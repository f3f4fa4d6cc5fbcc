"""The real video that a fake was made from, as the face store holds it, and what the fake takes from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from deepfake.faces.crop import Region, crop
from deepfake.faces.looks import thumbnail
from deepfake.faces.pairs import aligned, partners, tracks_of
from deepfake.faces.tracker import MIN_ALIKE_APART
from deepfake.schema import FaceTrack, Status
from deepfake.store import FaceStore
from deepfake.video.reader import VideoInfo


@dataclass(frozen=True, slots=True)
class Reference:
    """A real that can be compared with its fake frame by frame.

    Attributes:
        store: holds its crops.
        video_id: of the real.
        crops: its rows in the store.
        tracks: the same as tracks, the main one first; at least one.
        max_size: side in pixels to which the store has shrunk its crops.
    """

    store: FaceStore
    video_id: str
    crops: pd.DataFrame
    tracks: list[FaceTrack]
    max_size: int

    def inside(self, segment: range) -> dict[int, FaceTrack]:
        """The part of each track in a segment: number of the track -> that part, if there is one."""
        parts = {}
        for number, track in enumerate(self.tracks):
            here = np.isin(track.frames, segment)
            if here.any():
                parts[number] = FaceTrack(
                    track.frames[here], track.boxes[here], track.scores[here], track.landmarks[here]
                )
        return parts

    def confirmed(self, frames: np.ndarray, segment: range) -> bool:
        """Whether a fake shows the same scene in a segment: in the middle frame of each track, what is in its square.

        A face swap changes the inner face and leaves the hair, the background and the pose, so the two correlate.

        Args:
            frames: (T, H, W, 3) uint8 RGB, the segment in the fake.
            segment: T indices.
        """
        for number, part in self.inside(segment).items():
            middle = int(part.frames[len(part.frames) // 2])
            there, here = self._pixels(number, middle, frames[middle - segment.start])
            if float(thumbnail(there) @ thumbnail(here)) < MIN_ALIKE_APART:
                return False
        return True

    def differences(self, tracks: Sequence[FaceTrack], frames: np.ndarray, segment: range) -> dict[int, float]:
        """How far the faces of a fake are from those of the real at the same place, in a segment.

        Args:
            tracks: of the fake, in this segment.
            frames: (T, H, W, 3) uint8 RGB, the segment in the fake.
            segment: T indices.

        Returns:
            Place in `tracks` -> mean absolute difference of pixels, in steps of 255; without those whose place is
            no face's in the real.
        """
        reals = self.inside(segment)
        numbers = list(reals)
        found = {}
        for i, j in partners(tracks, [reals[number] for number in numbers]).items():
            pixels = [
                self._pixels(numbers[j], int(frame), frames[int(frame) - segment.start])
                for frame in reals[numbers[j]].frames
            ]
            found[i] = float(np.mean([np.abs(a.astype(np.int16) - b).mean() for a, b in pixels]))
        return found

    def _pixels(self, track: int, frame: int, of_fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A crop of the real, and the same square of the same frame of the fake."""
        row = self.crops[(self.crops["track"] == track) & (self.crops["frame"] == frame)].iloc[0]
        there = np.asarray(Image.open(self.store.image_path(self.video_id, track, frame)).convert("RGB"))
        return there, crop(of_fake, Region(int(row["x"]), int(row["y"]), int(row["size"])), self.max_size)


def find_reference(store: FaceStore, real_id: str | None, info: VideoInfo, max_size: int) -> Reference | None:
    """The real of a fake, if it is in the store with a face and has the fake's frames.

    Args:
        store: of both.
        real_id: of the real; None where the corpus knows none.
        info: of the fake.
        max_size: side in pixels to which the store shrinks crops.
    """
    found = store.stored(real_id) if real_id else None
    if real_id is None or found is None:
        return None
    row, crops = found
    sizes = (row.num_frames, row.height, row.width), (info.num_frames, info.height, info.width)
    if row.status != Status.OK or not aligned(*sizes):
        return None
    return Reference(store, real_id, crops, tracks_of(crops), max_size)
