"""What a store knows of the files that it was made from, and whether a file is still the same."""

import os
from pathlib import Path
from typing import Any

from deepfake.content import digest
from deepfake.names import as_text
from deepfake.schema import VideoRow


def facts(path: Path) -> dict[str, Any]:
    """Of a file, as the columns of `VideoRow`: where it is, its size, its time of change; zeros if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return {"path": as_text(os.path.abspath(path)), "num_bytes": 0, "modified_ns": 0}
    return {"path": as_text(os.path.abspath(path)), "num_bytes": found.st_size, "modified_ns": found.st_mtime_ns}


def same_file(known: VideoRow, path: Path) -> bool:
    """Whether a file is the one that was extracted: of the same size, and of the same time or content.

    A row without a time or a digest was made before these were noted, or its file could not be read: the size decides.
    """
    now = facts(path)
    if now["num_bytes"] != known.num_bytes:
        return False
    if now["modified_ns"] == known.modified_ns or not known.digest:
        return True
    return digest(path) == known.digest
