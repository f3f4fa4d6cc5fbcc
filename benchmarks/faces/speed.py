"""Times the plain loop, our extraction and decoding alone on the same frames of the same videos."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from benchmarks.faces.boxes import Boxes
from benchmarks.faces.plain import one_image, plain_faces
from benchmarks.faces.setting import Setting, decode_frames, fresh_store, stored_as_faces, timed_extraction
from benchmarks.growth import Growth, measure_growth
from deepfake.progress import progress
from deepfake.store import FaceStore

log = logging.getLogger(__name__)

Keep = Callable[[Growth], None]  # receives all times so far, after every run


def jobs(paths: Sequence[Path], num_workers: int, times: int) -> dict[str, Path]:
    """Return id -> file, where each file has as many ids as give every worker the same number of each.

    Example:
        >>> list(jobs([Path("a"), Path("b")], 2, 2))
        ['000-00000', '000-00002', '001-00001', '001-00003']
    """
    count = times * math.lcm(len(paths), num_workers)
    # Ids are in the order of files, since extraction goes by id.
    return dict(sorted((f"{i % len(paths):03}-{i:05}", paths[i % len(paths)]) for i in range(count)))


def file_number(video_id: str) -> int:
    """Return the index of the file that an id of `jobs` stands for."""
    return int(video_id.partition("-")[0])


def time_plain(setting: Setting, paths: Sequence[Path], seconds: list[float]) -> Boxes:
    """Time the plain loop on all videos, without the making of the finder.

    Args:
        setting: setting to extract.
        paths: the videos.
        seconds: receives the time for all videos, once per repeat.

    Returns:
        The faces that the loop found, by file and frame.
    """
    detect = one_image(setting.make_finder())
    plain_faces(paths[0], detect, setting.recipe)  # the first call allocates
    faces = {}
    for _ in progress(range(setting.repeats), "plain loop", "runs"):
        start = time.perf_counter()
        found = [plain_faces(path, detect, setting.recipe) for path in paths]
        seconds.append(time.perf_counter() - start)
        for number, frames in enumerate(found):
            for frame, each in frames.items():
                faces[f"{number:03}", frame] = stored_as_faces(each, setting.recipe).boxes
    if not any(len(boxes) for boxes in faces.values()):
        log.warning("the finder finds no face in these videos, so no crops are written: use other videos")
    return faces


def time_ours(setting: Setting, paths: Sequence[Path], folder: Path, keep: Keep) -> FaceStore:
    """Time the extraction of growing numbers of videos, each into a store of its own; return the last store."""
    sizes = [jobs(paths, setting.num_workers, times) for times in setting.sizes]
    timed_extraction(setting, {"first": paths[0]}, fresh_store(setting, folder))  # starts the server of the workers
    stores: list[FaceStore] = []

    def run(number: int) -> float:
        stores.append(fresh_store(setting, folder))
        return timed_extraction(setting, sizes[number], stores[-1])[0]

    measure_growth("extraction", [len(todo) for todo in sizes], setting.repeats, run, keep)
    stores[-1].build_tables(sizes[-1])
    return stores[-1]


def time_fakes(setting: Setting, paths: Sequence[Path], folder: Path, keep: Keep) -> float:
    """Time the extraction of fakes that take the boxes of their reals, which are in the store.

    A fake is its real's file under another id: extraction only needs it to have the same frames and faces.

    Returns:
        The share of the fakes that took their real's boxes.
    """
    setting = setting.reusing_boxes()
    store = fresh_store(setting, folder)
    reals = {f"real-{number:03}": path for number, path in enumerate(paths)}
    timed_extraction(setting, reals, store)
    sizes = [jobs(paths, setting.num_workers, times) for times in setting.sizes]
    reused: list[bool] = []

    def run(number: int) -> float:
        todo = sizes[number]
        for video_id in todo:  # extraction skips videos that are in the store
            store.archive_path(video_id).unlink(missing_ok=True)
        pairs = {video_id: f"real-{file_number(video_id):03}" for video_id in todo}
        seconds, rows = timed_extraction(setting, todo, store, pairs)
        reused.extend(row.boxes == "reused" for row in rows)
        return seconds

    measure_growth("fakes with their reals' boxes", [len(todo) for todo in sizes], setting.repeats, run, keep)
    return float(np.mean(reused))


def time_decoding(setting: Setting, paths: Sequence[Path], keep: Keep) -> float:
    """Time decoding alone, in as many processes as extraction has, which are started before.

    Returns:
        The seconds that it takes to start the processes.
    """
    sizes = [list(jobs(paths, setting.num_workers, times).values()) for times in setting.sizes]
    context = get_context("spawn")
    barrier = context.Barrier(setting.num_workers + 1)
    start = time.perf_counter()
    with context.Pool(setting.num_workers, _wait_for_all, (barrier,)) as pool:
        barrier.wait(setting.timeout_s)
        start_up = time.perf_counter() - start

        def run(number: int) -> float:
            start = time.perf_counter()
            work = [(path, setting.recipe) for path in sizes[number]]
            pool.starmap_async(decode_frames, work, chunksize=1).get(setting.timeout_s * len(work))
            return time.perf_counter() - start

        measure_growth("decoding alone", [len(todo) for todo in sizes], setting.repeats, run, keep)
    return start_up


def _wait_for_all(barrier: Barrier) -> None:
    """Wait until all processes have imported everything."""
    barrier.wait()


def stored_boxes(store: FaceStore) -> Boxes:
    """Return the faces of a store by file and frame, from one id of each file, since all ids have the same faces."""
    crops = store.crops()
    crops = crops.assign(file=crops["video_id"].map(file_number))
    first = crops.groupby("file")["video_id"].transform("min")
    crops = crops[crops["video_id"] == first]
    x, y, width, height = (crops[f"face_{name}"] for name in ("x", "y", "width", "height"))
    table = crops.assign(x0=x - width / 2, y0=y - height / 2, x1=x + width / 2, y1=y + height / 2)
    corners = ["x0", "y0", "x1", "y1"]
    return {
        (f"{file:03}", int(frame)): rows[corners].to_numpy(np.float64)
        for (file, frame), rows in table.groupby(["file", "frame"])
    }
