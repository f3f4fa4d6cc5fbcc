"""Measures where the time of one video goes, and what a crop costs in each image format."""

import io
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.faces.setting import Setting, decode_frames, fresh_store, sampled_frames
from deepfake.data.clips import spread
from deepfake.faces.finders import Faces, Finder
from deepfake.faces.video_faces import extract_video
from deepfake.progress import progress
from deepfake.store import ENCODING, FaceStore
from deepfake.threads import one_thread


class _Clock:
    """Records the processor seconds of each part, all threads together."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.seconds[name] += time.process_time() - start


class _Timed(Finder):
    """A finder whose time is measured."""

    def __init__(self, finder: Finder, clock: _Clock) -> None:
        self.finder = finder
        self.clock = clock

    def find(self, frames: np.ndarray) -> list[Faces]:
        with self.clock.part("detect"):
            return self.finder.find(frames)


def time_parts(setting: Setting, paths: Sequence[Path], folder: Path) -> dict[str, float]:
    """Return processor seconds per video in this process, on one thread: decode, detect, encode and write, the rest.

    Decoding is measured separately, by reading the same frames again, since a reader opens inside the extraction. While
    a GPU works, the processor waits for it and that counts, so the parts are comparable there too.
    """
    clock, store = _Clock(), fresh_store(setting, folder)
    encode, plain = store.encode, setting.make_finder()

    def timed_encode(image: np.ndarray) -> bytes:
        with clock.part("encode"):
            return encode(image)

    store.encode = timed_encode  # type: ignore[method-assign]
    with one_thread():
        plain.find(sampled_frames(paths[0], setting.recipe)[1])  # the first call allocates
        finder = _Timed(plain, clock)
        for number, path in enumerate(progress(paths, "parts, one thread", "videos")):
            with clock.part("decode"):
                decode_frames(path, setting.recipe)
            with clock.part("whole"):
                found = extract_video(f"{number:03}", path, finder, setting.recipe, store)
            with clock.part("write"):
                store.write(found.row, found.crops, found.images)
    seconds = clock.seconds
    seconds["link and crop"] = seconds.pop("whole") - seconds["decode"] - seconds["detect"] - seconds["encode"]
    parts = {"decode": ["decode"], "detect": ["detect"], "link and crop": ["link and crop"]}
    parts["encode and write"] = ["encode", "write"]
    return {name: sum(seconds[part] for part in summands) / len(paths) for name, summands in parts.items()}


def compare_formats(store: FaceStore, max_crops: int, repeats: int) -> dict[str, dict[str, Any]]:
    """Return what a crop of a store costs in each format: bytes, and milliseconds to encode and to decode it.

    Args:
        store: a store with its tables.
        max_crops: largest number of crops to take, spread evenly.
        repeats: number of times that everything is timed; the median counts.
    """
    rows = store.crops()
    rows = rows.iloc[spread(np.array([len(rows)]), max_crops)]
    images = [store.image(row.video_id, row.track, row.frame) for row in rows.itertuples()]
    table = {}
    for suffix, options in progress(ENCODING.items(), "image formats", "formats"):
        name = {"jpg": "jpeg"}.get(suffix, suffix)
        encoded = [_encoded(image, name, options) for image in images]
        table[suffix] = {
            "num_crops": len(images),
            "bytes": float(np.mean([len(content) for content in encoded])),
            "encode_ms": _milliseconds(partial(_encoded, name=name, options=options), images, repeats),
            "decode_ms": _milliseconds(lambda content: _pixels(io.BytesIO(content)), encoded, repeats),
        }
    return table


def _milliseconds(work: Callable[[Any], object], items: Sequence[Any], repeats: int) -> float:
    """Return the milliseconds for one item, the median over the repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for item in items:
            work(item)
        times.append(time.perf_counter() - start)
    return 1000 * median(times) / len(items)


def _encoded(image: np.ndarray, name: str, options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, name, **options)
    return buffer.getvalue()


def _pixels(source: Path | io.BytesIO) -> np.ndarray:
    with Image.open(source) as image:
        return np.asarray(image.convert("RGB"))
