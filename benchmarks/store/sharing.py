"""Fills one empty store from several processes at once, each like `scripts/extract.py` with one worker."""

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.faces.setting import Setting, fresh_store
from deepfake.faces.extract import extract
from deepfake.store import FaceStore


def fill_together(setting: Setting, paths: Mapping[str, Path], num_processes: int, folder: Path) -> dict[str, Any]:
    """Time the processes from the moment when all are ready.

    Args:
        setting: how to extract; each process has one worker.
        paths: video_id -> file.
        num_processes: number of processes that extract.
        folder: where the store is made.

    Returns:
        `seconds` until the last process has ended; `writes`: times that a video was written -> number of such videos;
        `waited`: rows that a process took from another.

    Raises:
        RuntimeError: a process failed; its traceback is on stderr.
    """
    store = fresh_store(setting, folder)
    context = get_context("spawn")
    ready, notes = context.Barrier(num_processes + 1), Path(tempfile.mkdtemp(dir=folder))
    arguments = (replace(setting, num_workers=1), dict(paths), store.root, store.recipe, ready, notes)
    processes = [context.Process(target=_fill, args=(number, *arguments)) for number in range(num_processes)]
    for process in processes:
        process.start()
    ready.wait(setting.timeout_s)
    start = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - start
    if failed := [process.exitcode for process in processes if process.exitcode]:
        raise RuntimeError(f"{len(failed)} of {num_processes} processes ended with exit code {failed[0]}")
    written = [name for path in notes.glob("written-*") for name in path.read_text().splitlines()]
    writes = Counter(Counter(dict.fromkeys(paths, 0) | Counter(written)).values())
    rows = sum(int(path.read_text()) for path in notes.glob("rows-*"))
    return {"seconds": seconds, "writes": dict(writes), "waited": rows - len(written)}


class _RecordedStore(FaceStore):
    """A store that records which videos this process writes."""

    names: list[str]

    def write(self, row: Any, *rest: Any) -> Any:
        self.names.append(row.video_id)
        return super().write(row, *rest)


def _fill(
    number: int, setting: Setting, paths: dict[str, Path], root: Path, recipe: dict[str, Any], ready: Any, notes: Path
) -> None:
    store = _RecordedStore(root, recipe)
    store.names = []
    ready.wait(setting.timeout_s)
    todo = store.todo(paths)
    rows = list(extract(todo, store, setting.make_finder, setting.recipe, num_workers=1, timeout_s=setting.timeout_s))
    store.build_tables(paths)
    (notes / f"written-{number}").write_text("\n".join(store.names))
    (notes / f"rows-{number}").write_text(str(len(rows)))
