"""Bytes that processes share, whether workers are forked or spawned, and that are gone when the last one lets go."""

import mmap
import os
import sys
import tempfile
import weakref
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any

import numpy as np


class SharedBytes:
    """A file that is mapped into memory.

    Read through `array`, and written through `write`, which says so when a disk is full; a mapped page would end the
    process.

    Args:
        descriptor: of a file of at least that size, open for reading and writing; closed with this object.
        size: bytes, at least 1.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        self._descriptor = descriptor
        self.close = weakref.finalize(self, os.close, descriptor)
        self.array = np.frombuffer(mmap.mmap(descriptor, size), np.uint8)

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """
        Raises:
            OSError: the disk is full, or gone.
        """
        view = memoryview(content)
        while view:
            done = os.pwrite(self._descriptor, view, offset)
            view, offset = view[done:], offset + done

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, int]]:
        # For a worker that is being started: it inherits the descriptor, so the file needs no name.
        return _received, (reduction.DupFd(self._descriptor), self.size)


def _received(descriptor: Any, size: int) -> SharedBytes:
    return SharedBytes(descriptor.detach(), size)


def in_memory(size: int) -> SharedBytes:
    """Zeros. Not in /dev/shm, which is small in a container, though it is as fast."""
    if sys.platform != "linux":
        return on_disk(size)
    return SharedBytes(_sized(os.memfd_create("deepfake"), size), size)


def on_disk(size: int) -> SharedBytes:
    """Zeros in a file of the temporary folder that has no name any more, so nothing can leave it behind.

    Raises:
        OSError: there is no room.
    """
    with tempfile.TemporaryFile() as file:
        return SharedBytes(_reserved(os.dup(file.fileno()), size), size)


def in_file(path: str | os.PathLike[str], size: int) -> SharedBytes:
    """What is in the file, and zeros behind it.

    Raises:
        OSError: there is no room, or the file cannot be written.
    """
    return SharedBytes(_reserved(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), size), size)


def _reserved(descriptor: int, size: int) -> int:
    """Make room now, rather than fail in the middle of an epoch."""
    if sys.platform != "linux":
        return _sized(descriptor, size)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sized(descriptor: int, size: int) -> int:
    if os.fstat(descriptor).st_size < size:
        os.ftruncate(descriptor, size)
    return descriptor
