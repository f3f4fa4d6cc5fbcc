"""What a store knows of the files it was made from, and whether a file is still the same."""

import os
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from deepfake.content import digest
from deepfake.errors import StoreError
from deepfake.names import as_text
from deepfake.store.faults import not_readable


class Facts(NamedTuple):
    """Path, size and modification time of a file, as columns of `VideoRow`; zeros if the file does not exist."""

    path: str
    num_bytes: int
    modified_ns: int


class Known(Protocol):
    """What was recorded of a file when it was extracted; see `VideoRow`."""

    @property
    def path(self) -> str: ...
    @property
    def num_bytes(self) -> int: ...
    @property
    def modified_ns(self) -> int: ...
    @property
    def digest(self) -> str: ...


class Verdict(Enum):
    """How a file compares with the one that was extracted."""

    SAME = auto()
    MOVED = auto()  # the same content, at another place or with another time
    CHANGED = auto()  # other content at the same place
    FOREIGN = auto()  # other content at another place
    UNKNOWN = auto()  # too little was recorded to tell


def facts(path: Path) -> dict[str, Any]:
    """Return the `Facts` of a file as keyword arguments for `VideoRow`."""
    return look_at(path)._asdict()


def look_at(path: Path) -> Facts:
    """Return what is known of a file without reading it."""
    at = os.path.abspath(path)
    name = as_text(at)
    try:
        found = os.stat(at)
    except (OSError, ValueError):  # a name with a zero byte, which no disk can have, is a ValueError
        return Facts(name, 0, 0)
    return Facts(name, found.st_size, found.st_mtime_ns)


def at_a_glance(known: Known, now: Facts) -> Verdict | None:
    """Compare a file with the one that was extracted, without reading it; None if its content must be compared."""
    here = known.path in ("", now.path)
    if now[1:] == (0, 0):
        return Verdict.SAME  # the file does not exist, so nothing contradicts what was recorded
    if not known.digest:
        if known.num_bytes != now.num_bytes:
            return Verdict.CHANGED if here else Verdict.UNKNOWN
        noted = known.path, known.modified_ns
        # The first stores recorded neither path nor time; there the size decides.
        return Verdict.SAME if noted in (("", 0), (now.path, now.modified_ns)) else Verdict.UNKNOWN
    if known.num_bytes not in (now.num_bytes, -1):
        return Verdict.CHANGED if here else Verdict.FOREIGN
    if known.path == now.path and known.modified_ns == now.modified_ns:
        return Verdict.SAME
    return None


def by_content(known: Known, now: Facts, path: Path) -> Verdict:
    """Compare a file's content with that of the file that was extracted.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        if digest(path) == known.digest:
            return Verdict.MOVED
    except FileNotFoundError:
        return Verdict.SAME
    except OSError as error:
        raise not_readable(now.path, error) from error
    return Verdict.CHANGED if known.path in ("", now.path) else Verdict.FOREIGN


def judge(known: Known, path: Path) -> Verdict:
    """Compare a file with the one that was extracted, reading it if necessary."""
    now = look_at(path)
    return at_a_glance(known, now) or by_content(known, now, path)


def made_of_others(root: Path, video_id: str, there: str, here: Path, num_videos: int) -> StoreError:
    """Return the error for a store that holds the faces of other files.

    Args:
        root: the store's folder.
        video_id: the first video that differs.
        there: its file in the store.
        here: its file in this run.
        num_videos: how many videos differ.
    """
    return StoreError(
        f"face store {root} was made of other files: {video_id} is {there} there and {here} here, with other content "
        f"({num_videos} videos differ): give this corpus a name of its own, as with data.name=mine, or delete the "
        "store if the other files are no longer wanted"
    )
