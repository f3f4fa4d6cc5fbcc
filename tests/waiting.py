"""Waits for what another thread, process or page does."""

import time
from collections.abc import Callable


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it is never so"
        time.sleep(0.02)
