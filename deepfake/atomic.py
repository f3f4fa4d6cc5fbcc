"""Files that are there whole or not at all, and names that tell who is writing."""

import os
import socket
import time
import uuid
from functools import cache
from pathlib import Path

import psutil


def write_atomic(path: Path, content: bytes | memoryview) -> None:
    """Write under a temporary name, rename last: a reader sees the old file or the new one.

    What could not be written whole is taken away again.

    Raises:
        OSError: the disk is full, or may not be written to; it names the file.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):  # of what cannot be written, Python does not say where
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def partial_name() -> str:
    """A name under which this process writes something, until it is whole and renamed."""
    return f"{_machine()}-{_process(os.getpid())}-{uuid.uuid4().hex}"


def abandoned(partial: Path) -> bool:
    """Whether whoever wrote it is gone: on this machine, its process; on another, a video is written within minutes."""
    gone = ended(partial.name)
    return time.time() - partial.stat().st_mtime > 86_400 if gone is None else gone


def ended(name: str) -> bool | None:
    """Whether the process that made a name with `partial_name` has ended; None if it is another machine's."""
    machine, _, process = name.rpartition("-")[0].rpartition("-")
    if machine != _machine():
        return None
    return process != _process(int(process.partition(".")[0]))


@cache
def _machine() -> str:
    """Where process ids mean the same: the host, and in containers their own space of ids.

    Hosts that share a disk can have one name, as machines made from one image; their ids differ.
    """
    space, host = Path("/proc/self/ns/pid"), Path("/etc/machine-id")
    host_id = host.read_text().strip()[:8] if host.is_file() else ""
    return f"{socket.gethostname()}{host_id}.{space.stat().st_ino if space.exists() else 0}"


def _process(pid: int) -> str:
    """A process, which another one that gets its id later is not; without a time if there is none."""
    try:
        return f"{pid}.{round(1000 * psutil.Process(pid).create_time())}"
    except psutil.NoSuchProcess:
        return f"{pid}."
