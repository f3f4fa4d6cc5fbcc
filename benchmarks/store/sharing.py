"""Several processes that fill one empty store at the same time, each as `scripts/extract.py` does with one worker."""

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


def fill_together(how: Setting, paths: Mapping[str, Path], num_processes: int, folder: Path) -> dict[str, Any]:
    """Time them from the moment at which all are ready.

    Args:
        how: the setting; one worker each.
        paths: video_id -> file.
        num_processes: that extract.
        folder: where the store is made.

    Returns:
        `seconds` until the last has ended; `writes`: how often a video was written, count -> videos; `waited`: rows
        that a process took from another.

    Raises:
        RuntimeError: one of them failed; its traceback is on stderr.
    """
    store = fresh_store(how, folder)
    context = get_context("spawn")
    ready, notes = context.Barrier(num_processes + 1), Path(tempfile.mkdtemp(dir=folder))
    arguments = (replace(how, num_workers=1), dict(paths), store.root, store.recipe, ready, notes)
    processes = [context.Process(target=_fill, args=(number, *arguments)) for number in range(num_processes)]
    for process in processes:
        process.start()
    ready.wait(how.timeout_s)
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


class _Noted(FaceStore):
    """Notes what this process writes."""

    names: list[str]

    def write(self, row: Any, *rest: Any) -> Any:
        self.names.append(row.video_id)
        return super().write(row, *rest)


def _fill(
    number: int, how: Setting, paths: dict[str, Path], root: Path, recipe: dict[str, Any], ready: Any, notes: Path
) -> None:
    store = _Noted(root, recipe)
    store.names = []
    ready.wait(how.timeout_s)
    todo = store.todo(paths)
    rows = list(extract(todo, store, how.make_finder, how.recipe, num_workers=1, timeout_s=how.timeout_s))
    store.build_tables(paths)
    (notes / f"written-{number}").write_text("\n".join(store.names))
    (notes / f"rows-{number}").write_text(str(len(rows)))
