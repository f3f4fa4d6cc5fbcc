"""Provides what all measurements share: the recipe, the finder, the workers, and how to extract and decode videos."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from omegaconf import DictConfig

from deepfake.device import pick_device
from deepfake.errors import ConfigError, UnreadableVideoError
from deepfake.extraction.completion import default_workers, face_store
from deepfake.faces.extract import extract
from deepfake.faces.finders import Faces, Finder
from deepfake.faces.recipe import Recipe
from deepfake.faces.segments import segment_frames
from deepfake.faces.settled_recipe import make_finder, settled, with_weights
from deepfake.schema import Status, VideoRow
from deepfake.store import FaceStore
from deepfake.video.door import open_video, probe


@dataclass(frozen=True, slots=True)
class Setting:
    """How the benchmarks extract videos.

    Attributes:
        faces: a settled recipe whose weights exist; see `deepfake.faces.settled_recipe`.
        recipe: the same without the finder.
        make_finder: makes the finder; picklable.
        device: device of the finder.
        num_workers: number of processes.
        timeout_s: time limit for a video.
        repeats: number of times that everything is measured.
        sizes: growing numbers of videos, as multiples of the smallest; their times show whether the cost is linear.
    """

    faces: dict[str, Any]
    recipe: Recipe
    make_finder: Callable[[], Finder]
    device: str
    num_workers: int
    timeout_s: float
    repeats: int
    sizes: tuple[int, ...]

    def reusing_boxes(self) -> "Setting":
        """Return the same setting, with fakes that take the boxes of their reals."""
        return replace(self, faces={**self.faces, "reuse_boxes": True}, recipe=replace(self.recipe, reuse_boxes=True))


def make_setting(cfg: DictConfig, faces: dict[str, Any]) -> Setting:
    """Make a setting as `deepfake.extraction.completion.extract_faces` does.

    Args:
        cfg: config of the benchmark.
        faces: plain data, a config of the group `faces`.
    """
    device = pick_device(cfg.device)
    faces = with_weights(settled(faces, Path(cfg.paths.weights_dir)))
    return Setting(
        faces=faces,
        recipe=Recipe(**{key: value for key, value in faces.items() if key != "finder"}),
        make_finder=make_finder(faces["finder"], device),
        device=device,
        num_workers=cfg.extract.num_workers or default_workers(device),
        timeout_s=cfg.extract.timeout_s,
        repeats=cfg.repeats,
        sizes=tuple(cfg.sizes),
    )


def timed_extraction(
    setting: Setting, todo: Mapping[str, Path], store: FaceStore, pairs: Mapping[str, str] = MappingProxyType({})
) -> tuple[float, list[VideoRow]]:
    """Extract videos as `scripts/extract.py` does.

    Args:
        setting: how to extract.
        todo: video_id -> file.
        store: an open store.
        pairs: video_id of a fake -> that of its real.

    Returns:
        Seconds from the start of the first process to the end of the last, and the row of each video.

    Raises:
        UnreadableVideoError: a video cannot be read, or failed; its time would mean nothing.
    """
    start = time.perf_counter()
    finder, recipe, workers = setting.make_finder, setting.recipe, setting.num_workers
    rows = list(extract(todo, store, finder, recipe, pairs=pairs, num_workers=workers, timeout_s=setting.timeout_s))
    seconds = time.perf_counter() - start
    for row in rows:
        if row.status in (Status.UNREADABLE, Status.FAILED):
            raise UnreadableVideoError(todo[row.video_id], row.reason)
    return seconds, rows


def fresh_store(setting: Setting, folder: Path) -> FaceStore:
    """Open an empty store in a new folder below `folder`."""
    return face_store(setting.faces, Path(tempfile.mkdtemp(dir=folder)))


def sampled_segments(path: Path, num_frames: int, recipe: Recipe) -> list[range]:
    """Return the segments of frames that the recipe selects.

    Raises:
        ConfigError: the video is too short for a single segment.
    """
    segments = segment_frames(num_frames, recipe.num_segments, recipe.segment_length)
    if not segments:
        raise ConfigError(
            f"{path} has {num_frames} frames, but a segment needs {recipe.segment_length}: use a longer video, or "
            f"lower faces.segment_length"
        )
    return segments


def sampled_frames(path: Path, recipe: Recipe) -> tuple[list[int], np.ndarray]:
    """Read the frames that the recipe selects as extraction does: indices (T,), frames (T, H, W, 3) uint8 RGB."""
    with open_video(path) as video:
        segments = sampled_segments(path, video.info.num_frames, recipe)
        frames = [video.read(segment) for segment in segments]
    return [index for segment in segments for index in segment], np.concatenate(frames)


def decode_frames(path: Path, recipe: Recipe) -> int:
    """Decode what extraction decodes, one segment at a time without keeping it, and return the number of frames."""
    with open_video(path) as video:
        return sum(len(video.read(part)) for part in sampled_segments(path, video.info.num_frames, recipe))


def video_seconds(path: Path) -> float:
    """Return the duration of a video in seconds."""
    info = probe(path)
    return info.num_frames / info.fps


def stored_as_faces(faces: Faces, recipe: Recipe) -> Faces:
    """Select the detections that the recipe accepts as faces, by score and by the longer side of the box."""
    faces = faces.above(recipe.min_score)
    large = (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1, initial=0) >= recipe.min_face_size
    return Faces(faces.boxes[large], faces.scores[large], faces.landmarks[large])
