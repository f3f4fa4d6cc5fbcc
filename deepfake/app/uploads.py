"""The files of visitors: where they lie, and that they are gone as soon as nobody needs them."""

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepfake.errors import UploadError
from deepfake.names import fitted, shown
from deepfake.schema import IMAGE_SUFFIXES, VIDEO_SUFFIXES

_LONGEST = 240  # bytes of a name that is shown
_SUFFIXES = {*VIDEO_SUFFIXES, *IMAGE_SUFFIXES}  # which tell an image from a video; others say nothing


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of one visitor.

    Attributes:
        path: where it lies; the path says nothing of its name, so no log line does.
        name: as its owner calls it.
        num_bytes: its size.
        received: where Gradio put it; visitors with equal files of equal names share that place.
    """

    path: Path
    name: str
    num_bytes: int
    received: Path

    @property
    def is_image(self) -> bool:
        """Whether its name is one of an image."""
        return self.path.suffix in IMAGE_SUFFIXES


class Uploads:
    """A folder of files of visitors.

    Args:
        root: the folder, which exists and belongs to this object.
    """

    def __init__(self, root: Path) -> None:
        self.received, self.work, self._claimed = root / "received", root / "work", root / "claimed"
        for folder in (self.received, self.work, self._claimed):
            folder.mkdir()

    def claim(self, file: Mapping[str, Any]) -> Upload:
        """Take a file for a job of its own.

        Args:
            file: `path` and, if it is known, `orig_name`.

        Raises:
            UploadError: it is not there.
        """
        received = Path(os.path.abspath(file["path"]))
        name = str(file.get("orig_name") or received.name)
        suffix = Path(name).suffix.lower()
        path = self._claimed / secrets.token_hex(8) / f"file{suffix if suffix in _SUFFIXES else ''}"
        if self.received not in received.parents:
            raise UploadError("This file was not uploaded: drop it once more.")
        path.parent.mkdir()
        try:
            os.link(received, path)
        except OSError as error:
            path.parent.rmdir()
            raise UploadError("The file is no longer there: drop it once more.") from error
        return Upload(path, fitted(shown(name), _LONGEST), path.stat().st_size, received)

    def discard(self, upload: Upload) -> None:
        """Delete a file, also from where Gradio put it, unless another visitor's lies there now."""
        with suppress(FileNotFoundError):
            if os.path.samefile(upload.path, upload.received):
                upload.received.unlink()
        with suppress(OSError):  # somebody else's lies there
            upload.received.parent.rmdir()
        shutil.rmtree(upload.path.parent)

    def sweep(self, age_s: float) -> None:
        """Delete what was received and never claimed, as where an upload broke off.

        Args:
            age_s: seconds since the last byte came.
        """
        until = time.time() - age_s
        for path in self.received.rglob("*"):
            with suppress(OSError):  # it is gone meanwhile; or the folder is not empty
                if path.stat().st_mtime <= until:
                    path.rmdir() if path.is_dir() else path.unlink()
