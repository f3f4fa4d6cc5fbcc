"""A fake's face beside that of the real which it was made from, at the same place of the same frame."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from deepfake.explain.difference import GAIN, exaggerated_difference
from deepfake.faces.reference import MIN_IOU
from deepfake.faces.tracklet import box_iou
from deepfake.schema import Video
from deepfake.store import SQUARE, FaceStore

# Why a fake has no real beside it.
UNKNOWN = "the corpus names no real"
NOT_STORED = "the real is not in the face store"
OTHER_FRAMES = "the real has other frames, or frames of another size"
NO_FACE = "the real has no face in that frame"
ELSEWHERE = "the real's face was cut out elsewhere"
SHRUNK = "the faces were stored at different scales"


class BesideReal:
    """Shows what was changed in the fakes of a corpus.

    Args:
        store: the faces of fakes and reals.
        videos: the fakes, which name their reals; others may be among them.
    """

    def __init__(self, store: FaceStore, videos: Iterable[Video]) -> None:
        self.store = store
        self.reals = {video.video_id: video.real_id for video in videos}

    def __call__(self, video_id: str, track: int, frame: int) -> dict[str, np.ndarray] | str:
        """Show one frame of a fake.

        Where both squares were found in their own video, and differ by some pixels, the pictures show what lies in
        both. Nothing is resized: a difference of resized pixels would show the resizing.

        Args:
            video_id: a fake.
            track: of the fake; of the real it is the one at that place.
            frame: index in both videos.

        Returns:
            Words -> the picture that they describe, (H, W, 3) uint8 RGB: the fake, the real, their difference. Or, in
            a few words, why there are none.

        Raises:
            StoreError: the store has no such crop, or an archive is damaged.
        """
        face = self.store.image(video_id, track, frame)
        if not (real_id := self.reals.get(video_id)):
            return UNKNOWN
        fake, real = self.store.archives.require(video_id), self.store.stored(real_id)
        if real is None:
            return NOT_STORED
        if any(getattr(fake.row, name) != getattr(real.row, name) for name in ("num_frames", "height", "width")):
            return OTHER_FRAMES
        own = fake.crops[(fake.crops["track"] == track) & (fake.crops["frame"] == frame)]
        there = real.crops[real.crops["frame"] == frame]
        if there.empty:
            return NO_FACE
        overlap = box_iou(_corners(own), _corners(there))[0]
        if overlap.max() < MIN_IOU:
            return ELSEWHERE
        partner = there.iloc[[int(overlap.argmax())]]
        pixels = face, self.store.image(real_id, int(partner["track"].iloc[0]), frame)
        pair = _same_place(pixels, (_corners(own)[0], _corners(partner)[0]))
        return SHRUNK if pair is None else _shown(*pair)


def _shown(fake: np.ndarray, real: np.ndarray) -> dict[str, np.ndarray]:
    difference = np.asarray(exaggerated_difference(fake, real))
    return {"the fake": fake, "its real": real, f"fake minus real, {GAIN:g} times enlarged, around grey": difference}


def _corners(crops: pd.DataFrame) -> np.ndarray:
    """Return the squares of crops as x0, y0, x1, y1 in whole pixels of the frame: (N, 4)."""
    x, y, size = crops[SQUARE].to_numpy(np.int64).T
    return np.stack([x, y, x + size, y + size], axis=1)


def _same_place(
    pixels: tuple[np.ndarray, np.ndarray], squares: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Cut two crops to what both squares hold; None if one was shrunk and the squares differ.

    Args:
        pixels: (S, S, 3) each, of unlike sides.
        squares: (4,) each, as `_corners` returns them.
    """
    if (squares[0] == squares[1]).all():
        return pixels
    if any(len(crop) != square[2] - square[0] for crop, square in zip(pixels, squares, strict=True)):
        return None
    x0, y0 = np.maximum(squares[0], squares[1])[:2]
    x1, y1 = np.minimum(squares[0], squares[1])[2:]
    fake, real = (
        crop[y0 - top : y1 - top, x0 - left : x1 - left]
        for crop, (left, top, _, _) in zip(pixels, squares, strict=True)
    )
    return fake, real
