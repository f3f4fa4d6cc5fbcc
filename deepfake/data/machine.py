"""Resources of this machine: cores, memory, and the shared memory through which workers pass batches."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from deepfake.cores import num_cores

SHARED_MEMORY = Path("/dev/shm")
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Machine:
    """Resources of a machine, or of one process's part of it.

    Attributes:
        cores: cores that this process may use.
        memory: free bytes.
        shared_memory: free bytes in /dev/shm; None if there is no such limit.
    """

    cores: int
    memory: int
    shared_memory: int | None


def this_machine(processes: int = 1) -> Machine:
    """Return one process's part of this machine's resources.

    Args:
        processes: number of training processes that share this machine.
    """
    shared = shutil.disk_usage(SHARED_MEMORY).free // processes if SHARED_MEMORY.is_dir() else None
    return Machine(max(1, num_cores() // processes), free_memory() // processes, shared)


def free_memory(cgroup: Path = CGROUP) -> int:
    """Return the free bytes of memory, on the machine or in the container, whichever is less.

    Args:
        cgroup: where Linux lists the container's limits (cgroup version 2); others count as no limit.
    """
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        inside = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # not in a container, or in one without a limit ("max")
        return free
    return max(0, min(free, limit - used + int(inside.get("inactive_file", 0))))  # cached files can be evicted


def in_words(num_bytes: float) -> str:
    """Return a size with its unit.

    Example:
        >>> in_words(38_535_168), in_words(64e6), in_words(1.26e9), in_words(4100)
        ('38.5 MB', '64 MB', '1.26 GB', '4.1 kB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:.3g} {unit}"
    return f"{num_bytes / 1e3:.3g} kB"
