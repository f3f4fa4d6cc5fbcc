"""Folders that are to be written to, tried before any work."""

import os
import tempfile
from pathlib import Path

ROOM = 1 << 16  # bytes: Hydra writes the resolved config and a log there


def require_writable(folder: Path) -> None:
    """Try whether a folder can be made, or written to; nothing is left there.

    Raises:
        OSError: it cannot.
    """
    path = Path(os.path.abspath(folder))
    there = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(there)) from error
