"""Compares our way from a video to its faces to a plain loop and to decoding alone (benchmark=extraction)."""

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
from benchmarks.faces.setting import Setting, make_setting, sampled_frames, video_seconds
from benchmarks.faces.speed import stored_boxes, time_decoding, time_fakes, time_ours, time_plain
from benchmarks.record import Record
from deepfake.config.plain import plain
from deepfake.faces.recipe import ALL
from deepfake.store import FaceStore


def measure_extraction(cfg: DictConfig, record: Record) -> None:
    """Measure part after part and fill the record."""
    setting = make_setting(cfg, plain(cfg.faces))
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        paths = clips(cfg, folder)
        record.numbers["setting"] = _describe(setting, paths)
        try:
            _speeds(setting, paths, folder, cfg.max_crops, record)
            with record.part("parts of a video's time"):
                record.numbers["parts"] = time_parts(setting, paths, folder)
            _memory(setting, paths[0], folder, cfg.memory, record)
        finally:
            conclude(record.numbers)


def _describe(setting: Setting, paths: Sequence[Path]) -> dict[str, Any]:
    frames = sampled_frames(paths[0], setting.recipe)[1]
    return {
        "faces": setting.faces,
        "num_workers": setting.num_workers,
        "repeats": setting.repeats,
        "num_videos": len(paths),
        "height": frames.shape[1],
        "width": frames.shape[2],
        "video_seconds": float(np.mean([video_seconds(path) for path in paths])),
        "frames_of_the_first": len(frames),
    }


def _speeds(setting: Setting, paths: Sequence[Path], folder: Path, max_crops: int, record: Record) -> None:
    """Measure the three ways, what the fakes add, and what the resulting store shows."""
    numbers = record.numbers
    plain_boxes: Boxes | None = None
    store: FaceStore | None = None
    with record.part("plain loop"):
        numbers["plain"] = {"seconds": list[float]()}
        plain_boxes = time_plain(setting, paths, numbers["plain"]["seconds"])
        numbers["faces"] = {"plain": count_boxes(plain_boxes)}
    with record.part("extraction"):
        numbers["ours"] = {}
        store = time_ours(setting, paths, folder, lambda growth: numbers["ours"].update(growth.as_dict()))
        if plain_boxes is not None:
            numbers["faces"]["share_found"] = share_found(plain_boxes, stored_boxes(store))
    with record.part("decoding alone"):
        numbers["decode"] = {}
        start_up = time_decoding(setting, paths, lambda growth: numbers["decode"].update(growth.as_dict()))
        numbers["decode"]["start_up_s"] = start_up
    with record.part("fakes with their reals' boxes"):
        numbers["fakes"] = {}
        share = time_fakes(setting, paths, folder, lambda growth: numbers["fakes"].update(growth.as_dict()))
        numbers["fakes"]["share_reused"] = share
    if store is not None and len(store.crops()):
        with record.part("image formats"):
            numbers["formats"] = compare_formats(store, max_crops, setting.repeats)


def _memory(setting: Setting, path: Path, folder: Path, options: DictConfig, record: Record) -> None:
    """Measure the peaks of the first video, and of a long and a large one made from it."""
    table = record.numbers["memory"] = {}

    def measure(name: str, file: Path) -> None:
        peak = peak_memory(setting, file, folder)
        table[name] = {"largest": peak.largest, "total": peak.total, "file_bytes": file.stat().st_size}

    with record.part("memory of a video"):
        measure("clip", path)
    with record.part("memory of the long video"):
        prolong(path, folder / "long.mp4", options.minutes)
        measure("long", folder / "long.mp4")
    num_segments = setting.recipe.num_segments
    assert num_segments != ALL  # no option asks for it
    with record.part("memory of the large video"):
        enlarge(path, folder / "large.mp4", options.height, 2 * num_segments * setting.recipe.segment_length)
        measure("large", folder / "large.mp4")


def conclude(numbers: dict[str, Any]) -> None:
    """Add what follows from the measured times: speeds, and the ratios that are known."""
    setting = numbers["setting"]
    plain = numbers.get("plain", {})
    if plain.get("seconds"):
        plain["seconds_per_video"] = median(plain["seconds"]) / setting["num_videos"]
    for way in ("plain", "ours", "decode"):
        row = numbers.get(way, {})
        if "seconds_per_video" in row:
            row["video_seconds_per_second"] = quotient(setting["video_seconds"], row["seconds_per_video"])
    a, b, c = (numbers.get(way, {}).get("video_seconds_per_second") for way in ("plain", "ours", "decode"))
    numbers["ratios"] = {"ours_to_plain": quotient(b, a), "ours_to_decode": quotient(b, c)}
    fakes, decode = (numbers.get(way, {}) for way in ("fakes", "decode"))
    if "seconds_per_video" in fakes:
        times = quotient(fakes["seconds_per_video"], decode.get("seconds_per_video"))
        fakes["over_decoding"] = None if times is None else times - 1
