"""The archives of one store: find and read them, and remove damaged ones."""

import os
from pathlib import Path

import numpy as np

from deepfake.errors import StoreError
from deepfake.store.archive import DamagedArchiveError, Stored, read_archive, read_checked, read_images
from deepfake.store.faults import not_readable
from deepfake.store.names import archive_name

AGAIN = "give the same command again, which extracts its video again"
Stat = tuple[int, int]  # size of an archive in bytes and its modification time in nanoseconds


class Archives:
    """The archives of one store.

    Args:
        root: the store's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = str(root / "crops")

    def path(self, video_id: str) -> Path:
        """Return the path of a video's archive.

        Raises:
            StoreError: the video's id cannot be a file name.
        """
        return Path(self._at(video_id))

    def stat(self, video_id: str) -> Stat | None:
        """Return the size and modification time of an archive; None if it does not exist."""
        path = self._at(video_id)  # a str, since making a `Path` takes as long as asking the disk
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise not_readable(path, error) from error
        return found.st_size, found.st_mtime_ns

    def peek(self, video_id: str) -> Stored | None:
        """Return the rows of an archive, or None if it does not exist or cannot be read."""
        try:
            return read_archive(self.path(video_id), video_id)
        except (FileNotFoundError, NotADirectoryError, DamagedArchiveError):
            return None

    def whole(self, video_id: str) -> Stored | None:
        """Return the rows of an archive, or None if it does not exist or is damaged, images included."""
        try:
            return read_checked(self.path(video_id), video_id)
        except (FileNotFoundError, NotADirectoryError, DamagedArchiveError):
            return None

    def find(self, video_id: str) -> Stored | None:
        """Return the rows of an archive, or None if it does not exist.

        Raises:
            StoreError: the archive was damaged, and has been removed.
        """
        try:
            return read_archive(self.path(video_id), video_id)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except DamagedArchiveError as error:
            raise self._damaged(video_id, error.reason) from error

    def require(self, video_id: str) -> Stored:
        """Return the rows of an archive.

        Raises:
            StoreError: the archive does not exist, or was damaged and has been removed.
        """
        found = self.find(video_id)
        if found is None:
            raise StoreError(f"face store {self.root} lacks {video_id}: run scripts/extract.py to complete it")
        return found

    def images(self, video_id: str, offsets: np.ndarray, lengths: np.ndarray, crcs: np.ndarray) -> list[bytes]:
        """Return the files of some crops of a video, given their places.

        Raises:
            StoreError: they are missing or were modified. A damaged archive is removed.
        """
        path = self.path(video_id)
        try:
            return read_images(path, offsets, lengths, crcs)
        except DamagedArchiveError as error:
            raise self._damaged(video_id, error.reason) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError(f"{path} is gone: {AGAIN}") from error

    def _at(self, video_id: str) -> str:
        return f"{self._folder}/{archive_name(video_id)}"

    def _damaged(self, video_id: str, reason: str) -> StoreError:
        """Return the error for an archive: it is damaged and is removed, or another run has replaced it meanwhile."""
        path, before = self.path(video_id), self.stat(video_id)
        try:
            read_checked(path, video_id)
        except DamagedArchiveError:
            try:
                if self.stat(video_id) == before:  # no other run has replaced it
                    path.unlink()
            except OSError as error:
                return StoreError(
                    f"{path} is damaged ({reason}) and cannot be removed ({error.strerror}): where the store can be "
                    f"written to, remove it and {AGAIN}"
                )
            return StoreError(f"{path} is damaged ({reason}); it was removed: {AGAIN}")
        except (FileNotFoundError, NotADirectoryError):
            return StoreError(f"{path} is damaged ({reason}); it was removed: {AGAIN}")
        return StoreError(f"{path} was replaced by another run while this one read it: give the same command again")
