"""Bytes that forked and spawned processes share, and that are gone when the last process releases them."""

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

    It is read through `array` and written through `write`, which raises an error if the disk is full; writing to a
    mapped page would kill the process instead.

    Args:
        descriptor: a file of at least that size, open for reading and writing; it is closed with this object.
        size: number of bytes, at least 1.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        self._descriptor = descriptor
        self.close = weakref.finalize(self, os.close, descriptor)
        self.array = np.frombuffer(mmap.mmap(descriptor, size), np.uint8)

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """Write bytes to the file.

        Raises:
            OSError: the disk is full, or gone.
        """
        view = memoryview(content)
        while view:
            done = os.pwrite(self._descriptor, view, offset)
            view, offset = view[done:], offset + done

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, int]]:
        # A worker that is being started inherits the descriptor, so the file needs no name.
        return _received, (reduction.DupFd(self._descriptor), self.size)


def _received(descriptor: Any, size: int) -> SharedBytes:
    return SharedBytes(descriptor.detach(), size)


def in_memory(size: int) -> SharedBytes:
    """Return zeros in memory. They are not in /dev/shm, which is as fast but small in a container."""
    if sys.platform != "linux":
        return on_disk(size)
    return SharedBytes(_sized(os.memfd_create("deepfake"), size), size)


def on_disk(size: int) -> SharedBytes:
    """Return zeros in a nameless file in the temporary folder, which cannot be left behind.

    Raises:
        OSError: there is not enough room.
    """
    with tempfile.TemporaryFile() as file:
        return SharedBytes(_reserved(os.dup(file.fileno()), size), size)


def in_file(path: str | os.PathLike[str], size: int) -> SharedBytes:
    """Return a file's content, followed by zeros up to the size.

    Raises:
        OSError: there is not enough room, or the file cannot be written.
    """
    return SharedBytes(_reserved(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), size), size)


def _reserved(descriptor: int, size: int) -> int:
    """Reserve space now, so that an epoch does not fail halfway."""
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
