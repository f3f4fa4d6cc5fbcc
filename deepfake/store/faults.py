"""Errors for a store whose disk cannot be read or written."""

import errno
import os
from pathlib import Path

from deepfake.errors import StoreError

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)
_FULL = (errno.ENOSPC, errno.EDQUOT)


class ReadOnlyError(StoreError):
    """The store is in a place where nothing can be written."""


def not_writable(root: Path, error: OSError, at: str) -> StoreError:
    """Return the error for a store that could not be written to, with the cure.

    Args:
        root: the store's folder.
        error: the system's error.
        at: the file's path inside the store.
    """
    kind: type[StoreError] = ReadOnlyError if error.errno in _READ_ONLY else StoreError
    if kind is ReadOnlyError:
        cure = "let this user write there, or choose another folder with paths.faces_dir"
    elif error.errno in _IN_THE_WAY:
        cure = "something else is in its place: move that away and give the same command again"
    elif error.errno == errno.ENAMETOOLONG:
        cure = "choose a folder with a shorter path with paths.faces_dir"
    elif error.errno in _FULL:
        cure = "make room and give the same command again"
    else:
        cure = "check the disk and give the same command again"
    return kind(f"face store {root} cannot be written to ({error.strerror or error}) at {at}: {cure}")


def not_readable(path: Path | str, error: OSError) -> StoreError:
    """Return the error for a file that could not be read though it may be whole, with the cure."""
    if error.errno in _IN_THE_WAY:
        cure = "a folder is in the place of a file, or a file in that of a folder: move it away"
    elif error.errno in _READ_ONLY:
        cure = "let this user read it"
    else:
        cure = "check the disk"
    return StoreError(
        f"{os.fspath(path)} cannot be read ({error.strerror or error}): {cure}, and give the same command again"
    )
