"""How much memory extraction takes of one video: a process of its own, whose resident memory is looked at all the time.

Memory that processes share, as code, counts in each of them.
"""

from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.faces.setting import Setting, fresh_store, timed_extraction

INTERVAL_S = 0.01


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that was seen, in bytes.

    Attributes:
        largest: of one process: the worker, which decodes.
        total: of the process that extracts and of its worker at one moment.
    """

    largest: int
    total: int


def peak_memory(how: Setting, path: Path, folder: Path) -> Peak:
    """Of the extraction of one video in fresh processes, one worker.

    Raises:
        RuntimeError: the extraction failed; its traceback is on stderr.
    """
    process = get_context("spawn").Process(target=_extract_one, args=(how, path, folder))
    process.start()
    peak = Peak(0, 0)
    while process.is_alive():
        sizes = _resident(process.pid)
        peak = Peak(max([peak.largest, *sizes]), max(peak.total, sum(sizes)))
        process.join(INTERVAL_S)
    if process.exitcode:
        raise RuntimeError(f"the process that extracted {path} ended with exit code {process.exitcode}")
    return peak


def _extract_one(how: Setting, path: Path, folder: Path) -> None:
    how = replace(how, num_workers=1)
    timed_extraction(how, {"video": path}, fresh_store(how, folder))


def _resident(pid: int | None) -> list[int]:
    """Resident bytes of a process and of all that it started."""
    sizes = []
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            sizes.append(each.memory_info().rss)
    except psutil.NoSuchProcess:  # it has just ended
        pass
    return sizes
