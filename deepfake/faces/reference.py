"""The real video that a fake was made from, as the face store holds it, and what the fake takes from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from deepfake.faces.crop import Region, crop
from deepfake.faces.detector import FaceDetector
from deepfake.faces.pairs import aligned, changed_track, confirmed, partners, probe_frames, tracks_of
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
    """

    store: FaceStore
    video_id: str
    crops: pd.DataFrame
    tracks: list[FaceTrack]


def find_reference(store: FaceStore, real_id: str | None, info: VideoInfo) -> Reference | None:
    """The real of a fake, if it is in the store with a face and has the fake's frames.

    Args:
        store: of both.
        real_id: of the real; None where the corpus knows none.
        info: of the fake.
    """
    found = store.stored(real_id) if real_id else None
    if real_id is None or found is None:
        return None
    row, crops = found
    sizes = (row.num_frames, row.height, row.width), (info.num_frames, info.height, info.width)
    if row.status != Status.OK or not aligned(*sizes):
        return None
    return Reference(store, real_id, crops, tracks_of(crops))


def reused_tracks(
    real: Reference, frames: np.ndarray, indices: list[int], detector: FaceDetector, min_score: float
) -> list[FaceTrack] | None:
    """The real's tracks for a fake, with the real's boxes, scores and landmarks; None if the detector disagrees.

    Args:
        real: what the fake was made from.
        frames: (T, H, W, 3) uint8 RGB, of the fake.
        indices: T indices of those frames in the video.
        detector: looks at a few of them.
        min_score: detections below are no faces.
    """
    probes = sorted({frame for track in real.tracks for frame in probe_frames(track.frames)})
    found = detector.detect(frames[[indices.index(frame) for frame in probes]])
    seen = {frame: faces.above(min_score) for frame, faces in zip(probes, found, strict=True)}
    return real.tracks if confirmed(real.tracks, seen) else None


def changed_first(
    real: Reference, tracks: list[FaceTrack], frames: np.ndarray, indices: list[int], max_size: int
) -> list[FaceTrack]:
    """The tracks of a fake, the one that was changed before the others, if the real tells which.

    Args:
        real: what the fake was made from.
        tracks: of the fake, the main one first by size.
        frames: (T, H, W, 3) uint8 RGB, of the fake.
        indices: T indices of those frames in the video.
        max_size: side in pixels to which the store has shrunk the real's crops.
    """
    if len(tracks) < 2 or len(real.tracks) < 2:
        return tracks
    pairs = partners(tracks, real.tracks)
    changed = changed_track({i: _difference(real, j, frames, indices, max_size) for i, j in pairs.items()})
    return tracks if changed is None else [tracks[changed], *tracks[:changed], *tracks[changed + 1 :]]


def _difference(real: Reference, track: int, frames: np.ndarray, indices: list[int], max_size: int) -> float:
    """Mean absolute difference, in steps of 255, between a real's crops and the fake's pixels in the same squares."""
    differences = []
    for row in real.crops[real.crops["track"] == track].itertuples():
        there = np.asarray(Image.open(real.store.image_path(real.video_id, track, row.frame)).convert("RGB"), np.int16)
        here = crop(frames[indices.index(row.frame)], Region(row.x, row.y, row.size), max_size)
        differences.append(np.abs(there - here).mean())
    return float(np.mean(differences))
