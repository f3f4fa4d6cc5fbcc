"""The benchmark `extraction`: our way from a video to its faces against the plain loop and against decoding alone."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from omegaconf import DictConfig
from tqdm import tqdm

from deepfake.report.tables import show
from deepfake.run.benchmarks.clips import clips, enlarge, prolong
from deepfake.run.benchmarks.memory import peak_memory
from deepfake.run.benchmarks.numbers import count_boxes, share_found
from deepfake.run.benchmarks.parts import compare_formats, time_parts
from deepfake.run.benchmarks.setting import Setting, sampled_frames, setting, video_seconds
from deepfake.run.benchmarks.speed import stored_boxes, time_decoding, time_fakes, time_ours, time_plain
from deepfake.run.faces import plain


def measure_extraction(cfg: DictConfig) -> dict[str, Any]:
    """Measure, show and hand back all numbers as plain data."""
    faces = plain(cfg.faces)
    how = setting(cfg, faces)
    with tempfile.TemporaryDirectory(prefix="deepfake-") as name:
        folder = Path(name)
        paths = clips(cfg, folder)
        numbers: dict[str, Any] = {"setting": _describe(how, paths)}
        numbers |= _speeds(how, paths, folder, cfg.max_crops)
        numbers["parts"] = time_parts(how, paths, folder)
        numbers["memory"] = _memory(how, paths[0], folder, cfg.memory)
    _show(numbers)
    return numbers


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


def _speeds(how: Setting, paths: Sequence[Path], folder: Path, max_crops: int) -> dict[str, Any]:
    """The three ways, what the fakes add, and what is read off the store that was made."""
    seconds = float(np.mean([video_seconds(path) for path in paths]))
    loop = time_plain(how, paths)
    ours, store = time_ours(how, paths, folder)
    decoding, start_up = time_decoding(how, paths)
    fakes, share_reused = time_fakes(how, paths, folder)
    per_video = median(loop.seconds) / len(paths)
    a, b, c = seconds / per_video, seconds / ours.line.slope, seconds / decoding.line.slope
    return {
        "plain": {"seconds": loop.seconds, "seconds_per_video": per_video, "video_seconds_per_second": a},
        "ours": {**ours.as_dict(), "video_seconds_per_second": b},
        "decode": {**decoding.as_dict(), "start_up_s": start_up, "video_seconds_per_second": c},
        "ratios": {"ours_to_plain": b / a, "ours_to_decode": b / c},
        "faces": {"plain": count_boxes(loop.faces), "share_found": share_found(loop.faces, stored_boxes(store))},
        "fakes": {
            **fakes.as_dict(),
            "share_reused": share_reused,
            "over_decoding": fakes.line.slope / decoding.line.slope - 1,
        },
        "formats": compare_formats(store, max_crops, how.repeats) if len(store.crops()) else {},
    }


def _memory(how: Setting, path: Path, folder: Path, options: DictConfig) -> dict[str, dict[str, int]]:
    """Peaks of the first video, of a long one and of a large one that are made of it."""
    long, large = folder / "long.mp4", folder / "large.mp4"
    prolong(path, long, options.minutes)
    enlarge(path, large, options.height, 2 * how.recipe.num_segments * how.recipe.segment_length)
    files = {"clip": path, "long": long, "large": large}
    table = {}
    for name, file in tqdm(files.items(), desc="memory", unit="video"):
        peak = peak_memory(how, file, folder)
        table[name] = {"largest": peak.largest, "total": peak.total, "file_bytes": file.stat().st_size}
    return table


def _show(numbers: dict[str, Any]) -> None:
    """All tables."""
    what, ways = numbers["setting"], {"a": "plain", "b": "ours", "c": "decode"}
    processes = "1 process" if what["num_workers"] == 1 else f"{what['num_workers']} processes"
    names = {
        "plain": "plain loop",
        "ours": f"ours, {processes}",
        "decode": f"decoding alone, {processes}",
    }
    show(
        f"{what['num_videos']} videos of {what['video_seconds']:.1f} s, {what['width']}x{what['height']}, "
        f"{what['frames_of_the_first']} frames of each",
        ["", "way", "s of video per s", "s a video", "start-up s"],
        [
            [
                letter,
                names[way],
                _short(row["video_seconds_per_second"]),
                _short(row["seconds_per_video"]),
                _short(row["start_up_s"]) if "start_up_s" in row else "",
            ]
            for letter, way in ways.items()
            if (row := numbers[way])
        ],
    )
    faces = numbers["faces"]
    show(
        "ratios",
        ["b / a", "b / c", "a's faces", "of them b finds"],
        [
            [
                *map(_short, numbers["ratios"].values()),
                faces["plain"],
                "no face" if faces["share_found"] is None else f"{faces['share_found']:.2%}",
            ]
        ],
    )
    _show_growth(numbers)
    _show_costs(numbers)


def _show_growth(numbers: dict[str, Any]) -> None:
    growths = {"ours": "ours", "decode": "decoding alone", "fakes": "fakes with their reals' boxes"}
    show(
        "seconds for growing numbers of videos",
        ["way", "videos", "s", "off the line"],
        [
            [
                name,
                ", ".join(map(str, part["counts"])),
                ", ".join(f"{seconds:.2f}" for seconds in part["medians"]),
                f"{part['largest_deviation']:.1%}",
            ]
            for key, name in growths.items()
            if (part := numbers[key])
        ],
    )
    fakes = numbers["fakes"]
    show(
        "a fake whose real is in the store (faces.reuse_boxes=true)",
        ["s a fake", "over decoding alone", "took the real's boxes"],
        [[_short(fakes["seconds_per_video"]), f"{fakes['over_decoding']:+.1%}", f"{fakes['share_reused']:.0%}"]],
    )


def _show_costs(numbers: dict[str, Any]) -> None:
    parts = numbers["parts"]
    total = sum(parts.values())
    show(
        "where the time of a video goes, one thread",
        ["part", "processor s", "share"],
        [[name, _short(seconds), f"{seconds / total:.1%}"] for name, seconds in parts.items()],
    )
    show(
        "peak memory, one worker",
        ["video", "its process MiB", "all processes MiB", "file MB"],
        [
            [name, round(row["largest"] / 2**20), round(row["total"] / 2**20), _short(row["file_bytes"] / 1e6)]
            for name, row in numbers["memory"].items()
        ],
    )
    show(
        "a crop in each format",
        ["format", "bytes", "encode ms", "decode ms"],
        [
            [name, round(row["bytes"]), _short(row["encode_ms"]), _short(row["decode_ms"])]
            for name, row in numbers["formats"].items()
        ],
    )


def _short(value: float) -> str:
    """Three digits that count, and no powers of ten.

    Example:
        >>> _short(0.012345), _short(1234.5)
        ('0.0123', '1234')
    """
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
