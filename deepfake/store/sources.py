"""What a store knows of the files that it was made from, and whether a file is still the same."""

import os
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from deepfake.content import digest
from deepfake.errors import StoreError
from deepfake.names import as_text
from deepfake.store.faults import not_readable


class Facts(NamedTuple):
    """Of a file, as the columns of `VideoRow`: where it is, its size, its time of change; zeros if it is gone."""

    path: str
    num_bytes: int
    modified_ns: int


class Known(Protocol):
    """What is known of a file that was extracted; see `VideoRow`."""

    @property
    def path(self) -> str: ...
    @property
    def num_bytes(self) -> int: ...
    @property
    def modified_ns(self) -> int: ...
    @property
    def digest(self) -> str: ...


class Verdict(Enum):
    """What a file is, held against the one that was extracted."""

    SAME = auto()
    MOVED = auto()  # of the same content, at another place or with another time
    CHANGED = auto()  # another one at the same place
    FOREIGN = auto()  # another one at another place
    UNKNOWN = auto()  # nothing is known by which to tell


def facts(path: Path) -> dict[str, Any]:
    """`Facts` of a file, as they are given to `VideoRow`."""
    return look_at(path)._asdict()


def look_at(path: Path) -> Facts:
    """What can be told of a file without reading it."""
    at = os.path.abspath(path)
    name = as_text(at)
    try:
        found = os.stat(at)
    except OSError:
        return Facts(name, 0, 0)
    return Facts(name, found.st_size, found.st_mtime_ns)


def at_a_glance(known: Known, now: Facts) -> Verdict | None:
    """What a file is, as far as it can be told without reading it; None if its content must be compared."""
    here = known.path in ("", now.path)
    if now[1:] == (0, 0):
        return Verdict.SAME  # it is not there: what is known of it is all that there is
    if not known.digest:
        if known.num_bytes != now.num_bytes:
            return Verdict.CHANGED if here else Verdict.UNKNOWN
        noted = known.path, known.modified_ns
        # The first stores noted neither: there the size decides.
        return Verdict.SAME if noted in (("", 0), (now.path, now.modified_ns)) else Verdict.UNKNOWN
    if known.num_bytes not in (now.num_bytes, -1):
        return Verdict.CHANGED if here else Verdict.FOREIGN
    if known.path == now.path and known.modified_ns == now.modified_ns:
        return Verdict.SAME
    return None


def by_content(known: Known, now: Facts, path: Path) -> Verdict:
    """What a file is, told by its content.

    Raises:
        StoreError: it cannot be read.
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
    """What a file is, held against the one that was extracted."""
    now = look_at(path)
    return at_a_glance(known, now) or by_content(known, now, path)


def made_of_others(root: Path, video_id: str, there: str, here: Path, num_videos: int) -> StoreError:
    """What is said where a store holds the faces of other files.

    Args:
        root: of the store.
        video_id: the first of them.
        there: its file, of the store.
        here: its file, of this run.
        num_videos: how many there are.
    """
    return StoreError(
        f"face store {root} was made of other files: {video_id} is {there} there and {here} here, with another content "
        f"({num_videos} videos differ): give this corpus a name of its own, as with data.name=mine, or delete the "
        "store if the other files are no longer wanted"
    )
