"""What this machine has to load with: cores, memory, and the shared memory through which workers hand batches over."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from deepfake.cores import num_cores

SHARED_MEMORY = Path("/dev/shm")
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Machine:
    """
    Attributes:
        cores: that this process may use.
        memory: bytes that are free.
        shared_memory: bytes that are free in /dev/shm; None where there is no such limit.
    """

    cores: int
    memory: int
    shared_memory: int | None


def this_machine(processes: int = 1) -> Machine:
    """What one of some processes that do the same has of it.

    Args:
        processes: of a training that share this machine.
    """
    shared = shutil.disk_usage(SHARED_MEMORY).free // processes if SHARED_MEMORY.is_dir() else None
    return Machine(max(1, num_cores() // processes), free_memory() // processes, shared)


def free_memory(cgroup: Path = CGROUP) -> int:
    """Bytes of memory that are free, here or in the container, whichever is less.

    Args:
        cgroup: where Linux says what a container may use; version 2, others are taken for no limit.
    """
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        inside = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    return max(0, min(free, limit - used + int(inside.get("inactive_file", 0))))  # cached files give way


def in_words(num_bytes: float) -> str:
    """
    Example:
        >>> in_words(38_535_168), in_words(64e6), in_words(1.26e9), in_words(4100)
        ('38.5 MB', '64 MB', '1.26 GB', '4.1 kB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:.3g} {unit}"
    return f"{num_bytes / 1e3:.3g} kB"
