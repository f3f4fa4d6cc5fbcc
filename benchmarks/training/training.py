"""Compares our training loop to its step fed from memory, and our loader to a plain dataset (benchmark=training)."""

import logging
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch
from omegaconf import DictConfig

from benchmarks.cells import cell, quotient
from benchmarks.record import Record
from benchmarks.training.drawn import Drawn, draw_store
from benchmarks.training.plain import READER
from benchmarks.training.setting import Case, cases, store_recipe
from benchmarks.training.speed import time_layout, time_loader, time_loop, time_plain, time_step
from deepfake.config.plain import plain
from deepfake.device import pick_device
from deepfake.progress import progress
from deepfake.report.tables import show

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def measure_training(cfg: DictConfig, record: Record) -> None:
    """Measure model after model and fill the record; the ways of one model take turns, to share any slow minute."""
    logging.getLogger("deepfake.data").setLevel(logging.WARNING)  # hides how each of many loaders is set up
    options = cfg.training
    recipe = store_recipe(plain(cfg.faces), Path(cfg.paths.weights_dir), options.crop_size)
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as name:
        drawn = draw_store(Path(name), recipe, options.num_videos, options.crop_size)
        record.numbers["setting"] = {
            "crop_size": options.crop_size,
            "image_format": drawn.store.suffix,
            "bytes_per_crop": drawn.bytes_per_crop,
            "plain_reader": READER,
            "steps": options.steps,
            "repeats": options.repeats,
        }
        record.numbers["models"] = {}
        for case in cases(options, pick_device(cfg.device)):
            with record.part(case.name):
                row: dict[str, Any] = {
                    "batch_size": case.batch_size,
                    "clip_length": case.clip_length,
                    "precision": case.precision,
                    "clips_per_second": {},
                }
                record.numbers["models"][case.name] = row
                try:
                    _measure(case, drawn, options, row["clips_per_second"])
                finally:
                    conclude(row)


def _measure(case: Case, drawn: Drawn, options: DictConfig, found: dict[str, list[float]]) -> None:
    def keep(**numbers: float) -> None:
        for way, value in numbers.items():
            found.setdefault(way, []).append(value)

    for _ in progress(range(options.repeats), case.name, "repeats"):
        keep(step=time_step(case, drawn, options.steps))
        for cache in options.caches:
            keep(**{f"loop_{cache or 'none'}": time_loop(case, drawn, options.steps, cache)})
            alone, with_device = time_loader(case, drawn, options.steps, cache)
            keep(**{f"loader_{cache or 'none'}": alone, f"device_{cache or 'none'}": with_device})
        keep(plain=time_plain(case, drawn, options.steps))
        for name, layout in LAYOUTS.items():
            step, forward = time_layout(case, options.steps, layout)
            keep(**{f"step_{name}": step, f"forward_{name}": forward})


def conclude(row: dict[str, Any]) -> None:
    """Add the medians and ratios of what was measured for a model."""
    medians = row["medians"] = {way: median(times) for way, times in row["clips_per_second"].items()}
    pairs = {f"{way}_to_step": (way, "step") for way in medians if way.startswith("loop_")}
    pairs |= {f"{way}_to_plain": (way, "plain") for way in medians if way.startswith(("loader_", "device_"))}
    pairs |= {f"{work}_layout": (f"{work}_channels_last", f"{work}_contiguous") for work in ("step", "forward")}
    row["ratios"] = {name: quotient(medians.get(a), medians.get(b)) for name, (a, b) in pairs.items()}


def show_training(numbers: dict[str, Any]) -> None:
    """Show the tables, including models that were measured in part."""
    models, setting = numbers.get("models", {}), numbers["setting"]
    ways = dict.fromkeys(way for row in models.values() for way in row["medians"])
    caches = [way.removeprefix("loop_") for way in ways if way.startswith("loop_")]
    show(
        f"the whole loop, clips per second; crops of {setting['crop_size']} px as {setting['image_format']}, "
        f"{setting['bytes_per_crop'] / 1000:.0f} kB each",
        ["model", "clips x frames", "cache", "a: loop", "b: step alone", "a / b"],
        [
            [
                name,
                f"{row['batch_size']} x {row['clip_length']}",
                cache,
                *(cell(row["medians"], way) for way in (f"loop_{cache}", "step")),
                cell(row["ratios"], f"loop_{cache}_to_step"),
            ]
            for name, row in models.items()
            for cache in caches
        ],
    )
    show(
        "loading on one core, clips per second; c+ adds the device's half of augmentation; d reads with "
        + setting["plain_reader"],
        ["model", "cache", "c: loader", "c+", "d: plain dataset", "c / d", "c+ / d"],
        [
            [
                name,
                cache,
                *(cell(row["medians"], way) for way in (f"loader_{cache}", f"device_{cache}", "plain")),
                *(cell(row["ratios"], f"{way}_{cache}_to_plain") for way in ("loader", "device")),
            ]
            for name, row in models.items()
            for cache in caches
        ],
    )
    show(
        "channels_last, which detectors use, against contiguous images",
        ["model", "precision", "step", "forward"],
        [
            [name, row["precision"], *(cell(row["ratios"], f"{work}_layout") for work in ("step", "forward"))]
            for name, row in models.items()
        ],
    )
