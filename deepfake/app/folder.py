"""The folder of a page that is served: gone when the page ends, or when the next one starts, if it was killed."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "deepfake-page-"
LOCK = "lock"  # which the system releases when the process ends, however it ends
log = logging.getLogger(__name__)


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder among the temporary ones, which is deleted afterwards; first delete those of killed pages."""
    _delete_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name).resolve()
        lock = FileLock(folder / LOCK, blocking=False)
        lock.acquire()
        yield folder
    lock.release()  # last, so that nobody else deletes the folder at the same time


def _delete_left(parent: Path) -> None:
    """Delete the folders of this user's pages that no process holds."""
    left = [path for path in parent.glob(f"{_PREFIX}*") if _is_left(path)]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    if left:
        log.info("deleted what visitors had uploaded to a page that was killed: %s", ", ".join(map(str, left)))


def _is_left(folder: Path) -> bool:
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid() or not (folder / LOCK).is_file():
            return False
        with FileLock(folder / LOCK, blocking=False):
            return True
    except (Timeout, OSError):  # a page holds it; or it is gone meanwhile
        return False
