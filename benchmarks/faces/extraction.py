"""The benchmark `extraction`: our way from a video to its faces against the plain loop and against decoding alone."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from omegaconf import DictConfig

from benchmarks.cells import quotient
from benchmarks.faces.boxes import Boxes, count_boxes, share_found
from benchmarks.faces.clips import clips, enlarge, prolong
from benchmarks.faces.memory import peak_memory
from benchmarks.faces.parts import compare_formats, time_parts
from benchmarks.faces.setting import Setting, sampled_frames, setting, video_seconds
from benchmarks.faces.speed import stored_boxes, time_decoding, time_fakes, time_ours, time_plain
from benchmarks.record import Record
from deepfake.config.plain import plain
from deepfake.store import FaceStore


def measure_extraction(cfg: DictConfig, record: Record) -> None:
    """Measure part after part, into the record."""
    how = setting(cfg, plain(cfg.faces))
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        paths = clips(cfg, folder)
        record.numbers["setting"] = _describe(how, paths)
        try:
            _speeds(how, paths, folder, cfg.max_crops, record)
            with record.part("parts of a video's time"):
                record.numbers["parts"] = time_parts(how, paths, folder)
            _memory(how, paths[0], folder, cfg.memory, record)
        finally:
            conclude(record.numbers)


def _describe(how: Setting, paths: Sequence[Path]) -> dict[str, Any]:
    frames = sampled_frames(paths[0], how.recipe)[1]
    return {
        "faces": how.faces,
        "num_workers": how.num_workers,
        "repeats": how.repeats,
        "num_videos": len(paths),
        "height": frames.shape[1],
        "width": frames.shape[2],
        "video_seconds": float(np.mean([video_seconds(path) for path in paths])),
        "frames_of_the_first": len(frames),
    }


def _speeds(how: Setting, paths: Sequence[Path], folder: Path, max_crops: int, record: Record) -> None:
    """The three ways, what the fakes add, and what is read off the store that was made."""
    numbers = record.numbers
    looked: Boxes | None = None
    store: FaceStore | None = None
    with record.part("plain loop"):
        numbers["plain"] = {"seconds": list[float]()}
        looked = time_plain(how, paths, numbers["plain"]["seconds"])
        numbers["faces"] = {"plain": count_boxes(looked)}
    with record.part("extraction"):
        numbers["ours"] = {}
        store = time_ours(how, paths, folder, lambda growth: numbers["ours"].update(growth.as_dict()))
        if looked is not None:
            numbers["faces"]["share_found"] = share_found(looked, stored_boxes(store))
    with record.part("decoding alone"):
        numbers["decode"] = {}
        start_up = time_decoding(how, paths, lambda growth: numbers["decode"].update(growth.as_dict()))
        numbers["decode"]["start_up_s"] = start_up
    with record.part("fakes with their reals' boxes"):
        numbers["fakes"] = {}
        share = time_fakes(how, paths, folder, lambda growth: numbers["fakes"].update(growth.as_dict()))
        numbers["fakes"]["share_reused"] = share
    if store is not None and len(store.crops()):
        with record.part("image formats"):
            numbers["formats"] = compare_formats(store, max_crops, how.repeats)


def _memory(how: Setting, path: Path, folder: Path, options: DictConfig, record: Record) -> None:
    """Peaks of the first video, of a long one and of a large one that are made of it."""
    table = record.numbers["memory"] = {}

    def measure(name: str, file: Path) -> None:
        peak = peak_memory(how, file, folder)
        table[name] = {"largest": peak.largest, "total": peak.total, "file_bytes": file.stat().st_size}

    with record.part("memory of a video"):
        measure("clip", path)
    with record.part("memory of the long video"):
        prolong(path, folder / "long.mp4", options.minutes)
        measure("long", folder / "long.mp4")
    with record.part("memory of the large video"):
        enlarge(path, folder / "large.mp4", options.height, 2 * how.recipe.num_segments * how.recipe.segment_length)
        measure("large", folder / "large.mp4")


def conclude(numbers: dict[str, Any]) -> None:
    """Add what follows from the times that are there: speeds, and the ratios that are known."""
    what = numbers["setting"]
    plain = numbers.get("plain", {})
    if plain.get("seconds"):
        plain["seconds_per_video"] = median(plain["seconds"]) / what["num_videos"]
    for way in ("plain", "ours", "decode"):
        row = numbers.get(way, {})
        if "seconds_per_video" in row:
            row["video_seconds_per_second"] = quotient(what["video_seconds"], row["seconds_per_video"])
    a, b, c = (numbers.get(way, {}).get("video_seconds_per_second") for way in ("plain", "ours", "decode"))
    numbers["ratios"] = {"ours_to_plain": quotient(b, a), "ours_to_decode": quotient(b, c)}
    fakes, decode = (numbers.get(way, {}) for way in ("fakes", "decode"))
    if "seconds_per_video" in fakes:
        times = quotient(fakes["seconds_per_video"], decode.get("seconds_per_video"))
        fakes["over_decoding"] = None if times is None else times - 1
