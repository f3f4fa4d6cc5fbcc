"""Write files whole or not at all, under names that identify the process that is writing."""

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

import psutil


def write_atomic(path: Path, content: bytes | memoryview) -> None:
    """Write to a temporary name and rename it at the end, so a reader sees either the old file or the new one.

    A file that could not be written whole is removed.

    Raises:
        OSError: the disk is full or read-only; the error names the file.
    """
    with written(path) as file:
        file.write(content)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Yield a file for content that comes in pieces; it gets its name at the end of the block, as in `write_atomic`.

    Raises:
        OSError: the disk is full or read-only; the error names the file.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("wb") as file:
            yield file
        os.replace(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        # Python does not name the file when a write fails; an error that names one is of something else in the block.
        if isinstance(error, OSError) and error.errno and error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def partial_name() -> str:
    """Return a name for something that this process is writing, until it is whole and renamed."""
    return f"{_machine()}-{_process(os.getpid())}-{uuid.uuid4().hex}"


def abandoned(partial: Path) -> bool:
    """Return whether the writer of a file is gone.

    On this machine its process has ended; for another machine, the file is over a day old, as a video takes minutes.
    """
    gone = ended(partial.name)
    return time.time() - partial.stat().st_mtime > 86_400 if gone is None else gone


def ended(name: str) -> bool | None:
    """Return whether the process that made a name with `partial_name` has ended; None if it ran on another machine."""
    machine, _, process = name.rpartition("-")[0].rpartition("-")
    if machine != _machine():
        return None
    return process != _process(int(process.partition(".")[0]))


@cache
def _machine() -> str:
    """Return a name for the space in which process ids are unique: the host, and the pid namespace in a container.

    Hosts that share a disk can have the same name, as machines made from one image do; their machine ids differ.
    """
    space, host = Path("/proc/self/ns/pid"), Path("/etc/machine-id")
    host_id = host.read_text().strip()[:8] if host.is_file() else ""
    return f"{socket.gethostname()}{host_id}.{space.stat().st_ino if space.exists() else 0}"


def _process(pid: int) -> str:
    """Return a process's id and start time, since ids are reused; the time is left out if there is no such process."""
    try:
        return f"{pid}.{round(1000 * psutil.Process(pid).create_time())}"
    except psutil.NoSuchProcess:
        return f"{pid}."
