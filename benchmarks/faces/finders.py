"""Measures how fast each finder is, and what each finds in the same frames (benchmark=finders)."""

import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from benchmarks.faces.boxes import Boxes, count_boxes, share_found
from benchmarks.faces.setting import (
    Setting,
    fresh_store,
    make_setting,
    sampled_frames,
    stored_as_faces,
    timed_extraction,
)
from benchmarks.record import Record
from deepfake.config.plain import plain
from deepfake.corpora.input_files import input_files
from deepfake.errors import ConfigError
from deepfake.faces.settled_recipe import settled
from deepfake.progress import progress
from deepfake.report.tables import show

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one finder found.

    Attributes:
        faces: the faces of every frame.
        num_frames: number of frames that it searched.
        num_tracks: number of tracks that extraction makes of the faces.
        frames_per_second: speed of detection alone, in this process.
    """

    faces: Boxes
    num_frames: int
    num_tracks: int
    frames_per_second: float


def compare_finders(cfg: DictConfig, record: Record) -> None:
    """Measure finder after finder and fill the record.

    Raises:
        ConfigError: no videos are given.
    """
    if cfg.input is None:
        raise ConfigError("benchmark=finders needs videos with real faces: add input=FOLDER to the command")
    paths = {file.name: file.path for file in input_files(cfg.input) if not file.problem}
    recipe = {key: value for key, value in plain(cfg.faces).items() if key != "finder"}
    record.numbers |= {"recipe": recipe, "num_videos": len(paths), "finders": {}}
    seen: dict[str, Seen] = {}
    for name, finder in _with_weights(cfg).items():
        with record.part(f"finder {name}"):
            seen[name] = _measure(name, make_setting(cfg, {**recipe, "finder": finder}), paths)
            record.numbers["finders"] = _compared(seen)


def _compared(seen: Mapping[str, Seen]) -> dict[str, dict[str, Any]]:
    """Return plain data that compares each finder to all others."""
    agreement: dict[str, dict[str, float | None]] = {name: {} for name in seen}
    for name, other in permutations(seen, 2):
        agreement[name][other] = share_found(seen[name].faces, seen[other].faces)
    return {
        name: {
            "num_frames": each.num_frames,
            "num_faces": count_boxes(each.faces),
            "num_tracks": each.num_tracks,
            "frames_per_second": each.frames_per_second,
            "share_found_by": agreement[name],
        }
        for name, each in seen.items()
    }


def _with_weights(cfg: DictConfig) -> dict[str, dict[str, Any]]:
    """Return name -> config of each finder whose weights are packaged, given, or in `paths.weights_dir`."""
    chosen = {}
    for name, faces in plain(cfg.finders).items():
        finder = faces["finder"]
        if "weights" in finder:
            finder = {**finder, "weights": cfg.weights[name]}
            settled_finder = settled({**faces, "finder": finder}, Path(cfg.paths.weights_dir))["finder"]
            if settled_finder["weights_digest"] is None:
                log.warning(
                    "%s is left out: give its weights as weights.%s=PATH, or put them at %s",
                    *(name, name, settled_finder["weights"]),
                )
                continue
        chosen[name] = finder
    return chosen


def _measure(name: str, setting: Setting, paths: Mapping[str, Path]) -> Seen:
    """Run all videos through one finder: once here, timed, and once through extraction, which links the faces."""
    finder = setting.make_finder()
    faces: dict[tuple[str, int], np.ndarray] = {}
    num_frames, times = 0, list[float]()
    for video_id, path in progress(paths.items(), name, "videos"):
        indices, frames = sampled_frames(path, setting.recipe)
        if not times:
            finder.find(frames)  # the first call allocates
        start = time.perf_counter()
        found = finder.find(frames)
        times.append(time.perf_counter() - start)
        num_frames += len(frames)
        for frame, each in zip(indices, found, strict=True):
            faces[video_id, frame] = stored_as_faces(each, setting.recipe).boxes
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as folder:
        _, rows = timed_extraction(setting, paths, fresh_store(setting, Path(folder)))
    return Seen(faces, num_frames, sum(row.num_faces for row in rows), num_frames / sum(times))


def show_finders(numbers: dict[str, Any]) -> None:
    """Show both tables for the finders that were measured."""
    finders = numbers["finders"]
    show(
        f"{numbers['num_videos']} videos",
        ["finder", "frames", "faces", "tracks", "frames/s"],
        [
            [name, each["num_frames"], each["num_faces"], each["num_tracks"], f"{each['frames_per_second']:.3g}"]
            for name, each in finders.items()
        ],
    )
    rows = [[name, other, share] for name, each in finders.items() for other, share in each["share_found_by"].items()]
    if rows:
        show(
            "faces of one finder that another finds too, at an IoU of 0.5",
            ["faces of", "are found by", "share"],
            [[name, other, "no faces" if share is None else f"{share:.2%}"] for name, other, share in rows],
        )
