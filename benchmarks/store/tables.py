"""Measures what it costs to open, survey, plan a training on, and add to a large store whose tables are made up.

Each store is filled in one process and used in another, so that only the memory of its use is measured.
"""

import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from deepfake.data.augment import BasicAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.schema import ClipSpec, Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.store.parts import CROP_SCHEMA, VIDEO_SCHEMA, Rows
from deepfake.store.tables import Tables

SEGMENTS = 4
AT_A_TIME = 50_000  # videos per part of a table
RECIPE: dict[str, Any] = {
    "finder": {"_target_": "none"},
    "num_segments": SEGMENTS,
    "segment_length": 8,
    "margin": 1.3,
    "image_format": "webp",
    "max_crop_size": 512,
}
SPEC = ClipSpec(1, 1, 1.3, 224, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
BATCH = 32
ANYTHING = 7  # any number would do, but an archive's size and time must be those of its file
STEPS = ("open", "list", "look at the files", "plan", "draw a batch", "draw an epoch", "add a video")


def measure_size(folder: Path, num_videos: int, crops_per_video: int) -> dict[str, Any]:
    """Fill a store's tables and time their use.

    Args:
        folder: where the store is made and removed again.
        num_videos: number of videos in the store.
        crops_per_video: a multiple of the number of segments.

    Returns:
        `seconds` of each of `STEPS`; `fill_s`; `bytes` of the tables; `memory_bytes`: the peak of the process, with
        torch and all other imports; `imports_bytes`: the peak before anything was read.
    """
    root = folder / str(num_videos)
    try:
        start = time.perf_counter()
        _in_a_process(_fill, root, num_videos, crops_per_video)
        filled = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (root / "tables").iterdir())
        return {"fill_s": filled, "bytes": size, **_in_a_process(_use, root)}
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _in_a_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of a function in a fresh process.

    Raises:
        RuntimeError: the function failed there; its traceback is on stderr.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        raise RuntimeError(f"the process of {work.__name__.strip('_')} ended without a result") from None
    finally:
        process.join()


def _send(connection: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    connection.send(work(*arguments))


def _use(root: Path) -> dict[str, Any]:
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        seconds[step] = time.perf_counter() - start

    imports = _peak_bytes()
    with timed("open"):
        store = FaceStore(root, RECIPE).open()
        video_ids = store.videos().index.to_list()
    with timed("list"):  # what a corpus does before the store is used
        videos = [
            Video(video_id, Path(video_id), Label(number // 10 % 2), _split(number), "")
            for number, video_id in enumerate(video_ids)
        ]
    with timed("look at the files"):  # what every run does, even if there is nothing to extract
        assert not store.todo({video.video_id: video.path for video in videos})
        assert store.lists(video_ids)
    with timed("plan"):
        data = ClipDataModule(videos, store, SPEC, BasicAugmentation(), 0, num_workers=0, batch_size=BATCH)
        data.require(Split.TRAIN, Split.VAL)
        sampler = data.train_dataloader().sampler
    with timed("draw a batch"):
        assert len(list(islice(iter(sampler), BATCH))) == BATCH
    with timed("draw an epoch"):
        for _ in sampler:
            pass
    with timed("add a video"):
        crops = pd.DataFrame([[0, 0, 0, 0, 0, 8, 4.0, 4.0, 6.0, 6.0, 1.0, *[4.0] * 10]], columns=CROP_COLUMNS)
        store.write(VideoRow("new", Status.OK, num_faces=1), crops, [store.encode(np.zeros((8, 8, 3), np.uint8))])
        store.update_tables(["new"])
    return {"seconds": seconds, "memory_bytes": _peak_bytes(), "imports_bytes": imports}


def _split(number: int) -> Split:
    return Split.VAL if number % 10 == 8 else Split.TEST if number % 10 == 9 else Split.TRAIN


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _fill(root: Path, num_videos: int, crops_per_video: int) -> None:
    """Write the tables as extraction would, and archives that have only a size and a time."""
    store = FaceStore(root, RECIPE).open()
    tables = Tables(store.disk)
    generator = np.random.default_rng(0)
    for first in range(0, num_videos, AT_A_TIME):
        count = min(AT_A_TIME, num_videos - first)
        videos = _videos(first, count)
        tables.append(Rows(videos, _crops(count, crops_per_video, generator)))
        for video_id in videos["video_id"].to_pylist():
            path = store.archive_path(video_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b" " * ANYTHING)
            os.utime(path, ns=(ANYTHING, ANYTHING))


def _videos(first: int, count: int) -> pa.Table:
    numbers = range(first, first + count)
    known = {
        "video_id": [f"class/{number:08d}" for number in numbers],
        "status": [str(Status.OK)] * count,
        "path": [f"/data/class/{number:08d}.mp4" for number in numbers],
        "digest": [f"{number:032x}" for number in numbers],
        "num_faces": [1] * count,
        "changed_track": [-1] * count,
    }
    columns = []
    for field in VIDEO_SCHEMA:
        plain = "" if field.type == pa.string() else ANYTHING
        columns.append(pa.array(known.get(field.name, [plain] * count), field.type))
    return pa.Table.from_arrays(columns, schema=VIDEO_SCHEMA)


def _crops(count: int, per_video: int, generator: np.random.Generator) -> pa.Table:
    """Make up faces at random places and images that are 50 kB apart."""
    length = per_video // SEGMENTS
    segment = np.repeat(np.arange(SEGMENTS), length)
    total = count * per_video
    known = {
        "video": np.repeat(np.arange(count), per_video),
        "track": np.zeros(total),
        "segment": np.tile(segment, count),
        "frame": np.tile(segment * 60 + np.tile(np.arange(length), SEGMENTS), count),
        "size": np.full(total, 260),
        "offset": np.tile(np.arange(per_video) * 50_000, count),
        "length": np.full(total, 49_000),
        "crc": generator.integers(0, 2**32, total, dtype=np.uint32),
    }
    columns = []
    for field in CROP_SCHEMA:
        values = known.get(field.name)
        if values is None:
            values = generator.uniform(100, 400, total).round(2)
        columns.append(pa.array(values.astype(field.type.to_pandas_dtype()), field.type))
    return pa.Table.from_arrays(columns, schema=CROP_SCHEMA)
