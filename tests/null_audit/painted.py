"""A corpus of small files that differ by chance alone, except for what is planted in the fakes of each method."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from deepfake.distort.compress import jpeg
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import extract_video
from deepfake.schema import Label, Split, Video
from deepfake.store import FaceStore
from tests.fakes import BrightSquares, write_video

NUM = {Split.TRAIN: 8, Split.TEST: 7}  # videos of each class
RECIPE = {
    "num_segments": 1,
    "segment_length": 4,
    "margin": 1.5,
    "max_crop_size": 512,
    "min_score": 0.5,
    "min_face_size": 20,
    "min_track_length": 2,
    "image_format": "png",
}
Frames = np.ndarray


def _blurred(frames: Frames) -> Frames:
    return gaussian_filter(frames, (0, 1, 1, 0))


def _jpeg(frames: Frames) -> Frames:
    return jpeg(torch.from_numpy(frames).permute(0, 3, 1, 2), 20).permute(0, 2, 3, 1).numpy()


# Method -> what it does to frames, how they are written, and what is added to the side of the face.
PLANTED: dict[str, tuple[Callable[[Frames], Frames] | None, dict[str, Any], int]] = {
    "nothing": (None, {}, 0),
    "one_pixel_smaller": (lambda frames: frames[:, :-1, :-1], {"pixels": "yuv444p"}, 0),
    "other_bitrate": (None, {"options": {"crf": "14"}}, 0),
    "other_rate": (None, {"fps": 24}, 0),
    "other_codec": (None, {"codec": "mpeg4", "options": {"b": "3M"}}, 0),
    "longer": (lambda frames: np.concatenate([frames, frames[:2]]), {}, 0),
    "larger_face": (None, {}, 8),
    "blurred": (_blurred, {}, 0),
    "jpeg": (_jpeg, {}, 0),
}


def paint(root: Path, methods: Iterable[str]) -> list[Video]:
    """Write the reals and, for each of these methods, as many fakes; no two of them share anything."""
    generator = np.random.default_rng(0)
    videos = []
    for method in ("real", *methods):
        change, written, wider = PLANTED.get(method, (None, {}, 0))
        for split, num in NUM.items():
            label = Label.REAL if method == "real" else Label.FAKE
            for index in range(num):
                frames = _frames(generator, wider)
                video_id = f"{split}/{method}/{index}"
                path = write_video(root / f"{video_id}.mp4", change(frames) if change else frames, **written)
                videos.append(Video(video_id, path, label, split, method))
    return videos


def _frames(generator: np.random.Generator, wider: int) -> Frames:
    """(8, 120, 160, 3): noise of some strength, and a white square of 40 to 47 pixels a side."""
    frames = generator.integers(0, generator.integers(60, 90), (8, 120, 160, 3)).astype(np.uint8)
    side = int(generator.integers(40, 48)) + wider
    top, left = generator.integers(10, 60, 2)
    frames[:, top : top + side, left : left + side] = 255
    return frames


def stored(videos: list[Video], root: Path) -> FaceStore:
    """Extract the faces, white squares, in this process."""
    store = FaceStore(root, {"finder": {"_target_": "tests.fakes.BrightSquares"}, **RECIPE}).open()
    for video in videos:
        found = extract_video(video.video_id, video.path, BrightSquares(), Recipe(**RECIPE), store)  # type: ignore[arg-type]
        store.write(found.row, found.crops, found.images)
    store.build_tables(video.video_id for video in videos)
    return store
