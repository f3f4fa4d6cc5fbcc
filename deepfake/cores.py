"""Count the cores that this process may use."""

import os


def num_cores() -> int:
    """Return the number of cores that this process may use; a cluster job may have only part of the machine."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1
