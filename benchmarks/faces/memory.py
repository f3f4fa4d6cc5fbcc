"""Measures the memory that the extraction of one video takes, by sampling the resident memory of its processes.

Memory that processes share, such as code, counts in each of them.
"""

from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.faces.setting import Setting, fresh_store, timed_extraction

INTERVAL_S = 0.01


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest values seen, in bytes.

    Attributes:
        largest: one process: the worker, which decodes.
        total: the process that extracts and its worker at one moment.
    """

    largest: int
    total: int


def peak_memory(setting: Setting, path: Path, folder: Path) -> Peak:
    """Measure the extraction of one video in fresh processes, with one worker.

    Raises:
        RuntimeError: the extraction failed; its traceback is on stderr.
    """
    process = get_context("spawn").Process(target=_extract_one, args=(setting, path, folder))
    process.start()
    peak = Peak(0, 0)
    while process.is_alive():
        sizes = _resident(process.pid)
        peak = Peak(max([peak.largest, *sizes]), max(peak.total, sum(sizes)))
        process.join(INTERVAL_S)
    if process.exitcode:
        raise RuntimeError(f"the process that extracted {path} ended with exit code {process.exitcode}")
    return peak


def _extract_one(setting: Setting, path: Path, folder: Path) -> None:
    setting = replace(setting, num_workers=1)
    timed_extraction(setting, {"video": path}, fresh_store(setting, folder))


def _resident(pid: int | None) -> list[int]:
    """Return the resident bytes of a process and of each of its descendants."""
    sizes = []
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            sizes.append(each.memory_info().rss)
    except psutil.NoSuchProcess:  # it has just ended
        pass
    return sizes
