"""How many cores there are."""

import os


def num_cores() -> int:
    """The cores that this process may use: a job of a cluster has a part of the machine."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not say
        return os.cpu_count() or 1
