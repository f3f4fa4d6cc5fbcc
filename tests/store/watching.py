"""Record which files Python opens."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

opened: list[str] = []
watching = threading.Event()


def _note(event: str, arguments: tuple) -> None:
    if event == "open" and watching.is_set() and isinstance(arguments[0], str | bytes | os.PathLike):
        opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield the list of files that Python opens inside the block."""
    opened.clear()
    watching.set()
    try:
        yield opened
    finally:
        watching.clear()
