"""Measures what a million videos cost, how runs share a store, and how many files it has (benchmark=store)."""

import math
import os
import tempfile
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from benchmarks.cells import cell, short
from benchmarks.faces.clips import draw
from benchmarks.faces.setting import make_setting
from benchmarks.record import Record
from benchmarks.store.sharing import fill_together
from benchmarks.store.tables import STEPS, measure_size
from benchmarks.training.drawn import draw_store
from benchmarks.training.setting import store_recipe
from deepfake.config.plain import plain
from deepfake.progress import progress
from deepfake.report.tables import show

FRAMES = {"height": 240, "width": 320, "seconds": 1}  # size of a drawn video


def measure_store(cfg: DictConfig, record: Record) -> None:
    """Measure part after part and fill the record."""
    options, numbers = cfg.store, record.numbers
    numbers["setting"] = {"crops_per_video": options.crops_per_video, "num_videos": options.num_videos}
    with tempfile.TemporaryDirectory(prefix="deepfake-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        numbers["sizes"] = {}
        for size in progress(options.sizes, "made-up tables", "sizes"):
            with record.part(f"{size} videos"):
                numbers["sizes"][str(size)] = measure_size(folder, size, options.crops_per_video)
        _layout(cfg, folder, record)
        _together(cfg, folder, record)


def _layout(cfg: DictConfig, folder: Path, record: Record) -> None:
    """Measure the files and bytes of a store, and of the same images in one file each."""
    with record.part("files"):
        recipe = store_recipe(plain(cfg.faces), Path(cfg.paths.weights_dir), cfg.store.crop_size)
        drawn = draw_store(folder / "drawn", recipe, cfg.store.layout_videos, cfg.store.crop_size)
        images = [path for segment in drawn.segments for path in segment]
        archives = [drawn.store.archive_path(video.video_id) for video in drawn.videos]
        record.numbers["layout"] = {
            "num_videos": len(archives),
            "archives": _on_disk(archives),
            "a file per image": _on_disk(images),
        }


def _on_disk(paths: list[Path]) -> dict[str, int]:
    stats = [path.stat() for path in paths]
    return {
        "files": len(paths),
        "bytes": sum(stat.st_size for stat in stats),
        "bytes_on_disk": sum(getattr(stat, "st_blocks", 0) * 512 for stat in stats),
    }


def _together(cfg: DictConfig, folder: Path, record: Record) -> None:
    numbers = record.numbers["together"] = {}
    paths: dict[str, Path] = {}
    with record.part("clips"):
        for number in progress(range(cfg.store.num_videos), "drawing clips", "videos"):
            path = folder / f"{number:03}.mp4"
            draw(path, number, **FRAMES)
            paths[f"video{number:03}"] = path
    for count in cfg.store.processes:
        with record.part(f"{count} processes on one store"):
            numbers[str(count)] = fill_together(make_setting(cfg, plain(cfg.faces)), paths, count, folder)


def exponent(counts: list[int], values: list[float]) -> float | None:
    """Return the exponent b in value = a * count^b between the last two counts; 1 is linear.

    Example:
        >>> exponent([10, 100, 1000], [5.0, 6.0, 60.0]), exponent([10], [1.0])
        (1.0, None)
    """
    if len(counts) < 2 or min(values[-2:]) <= 0:
        return None
    return math.log(values[-1] / values[-2]) / math.log(counts[-1] / counts[-2])


def show_store(numbers: dict[str, Any]) -> None:
    """Show the tables of what was measured."""
    sizes = {int(size): row for size, row in numbers.get("sizes", {}).items()}
    if sizes:
        _show_sizes(sizes, numbers["setting"]["crops_per_video"])
    if "layout" in numbers:
        ways = {name: numbers["layout"][name] for name in ("archives", "a file per image")}
        show(
            f"{numbers['layout']['num_videos']} videos on disk",
            ["", "files", "MB", "MB on disk"],
            [
                [name, way["files"], short(way["bytes"] / 1e6), short(way["bytes_on_disk"] / 1e6)]
                for name, way in ways.items()
            ],
        )
    if together := numbers.get("together"):
        show(
            f"{numbers['setting']['num_videos']} videos into one empty store; {os.cpu_count()} cores",
            ["processes", "s", "videos written once", "otherwise", "taken from others"],
            [
                [
                    count,
                    cell(row, "seconds"),
                    row["writes"].get(1, 0),
                    sum(videos for times, videos in row["writes"].items() if times != 1),
                    row["waited"],
                ]
                for count, row in together.items()
            ],
        )


def _show_sizes(sizes: dict[int, dict[str, Any]], crops_per_video: int) -> None:
    counts = list(sizes)
    lines: dict[str, list[float]] = {f"{step}, s": [row["seconds"][step] for row in sizes.values()] for step in STEPS}
    lines["memory without imports, GB"] = [(row["memory_bytes"] - row["imports_bytes"]) / 1e9 for row in sizes.values()]
    lines["memory, GB"] = [row["memory_bytes"] / 1e9 for row in sizes.values()]
    lines["tables on disk, GB"] = [row["bytes"] / 1e9 for row in sizes.values()]
    show(
        f"made-up tables of {crops_per_video} crops per video; the exponent is that of the last step, 1 is linear",
        ["", *(f"{count:,} videos" for count in counts), "exponent"],
        [[name, *map(short, values), short(exponent(counts, values))] for name, values in lines.items()],
    )
