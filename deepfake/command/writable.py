"""Checks before any work that folders can be written to."""

import os
import tempfile
from pathlib import Path

ROOM = 1 << 16  # bytes; enough for the resolved config and a log, which Hydra writes


def require_writable(folder: Path) -> None:
    """Stop unless a folder can be made or written to; the trial leaves nothing there.

    Raises:
        OSError: it cannot.
    """
    path = Path(os.path.abspath(folder))
    existing = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(existing)) from error
