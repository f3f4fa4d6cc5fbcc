"""Write to a store: whole files or none, several runs at once, with an error that names the cure."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deepfake.atomic import abandoned, partial_name
from deepfake.store.claims import Claims, sweep
from deepfake.store.faults import not_writable


class Disk:
    """The folder of one store.

    Args:
        root: the folder, which is made when the first file is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def sweep(self) -> None:
        """Remove half-written files of runs that were killed."""
        sweep(self.root)
        for left in (self.root / "partial").glob("*"):
            # Another run may sweep at the same time, the disk may be read-only, or the file may not be ours.
            with suppress(OSError, ValueError):
                if abandoned(left):
                    mine = left.rename(self._partial())
                    shutil.rmtree(mine) if mine.is_dir() else mine.unlink()

    def _partial(self) -> Path:
        """Return a path to write to before renaming, which identifies the writing process."""
        (self.root / "partial").mkdir(parents=True, exist_ok=True)
        return self.root / "partial" / partial_name()

    def replace(self, name: str, content: bytes) -> None:
        """Write one of the store's own files whole or not at all.

        Raises:
            StoreError: the disk is full or read-only.
        """
        with self.written(name) as partial:
            partial.write_bytes(content)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder that identifies this process, for files that end with the block. Whoever needs it makes it."""
        folder = self.root / "partial" / partial_name()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def written(self, name: str) -> Iterator[Path]:
        """Yield a path to write to, which becomes the store's file of that name at the end of the block.

        Raises:
            StoreError: the disk is full or read-only.
        """
        partial = None
        try:
            partial = self._partial()
            yield partial
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial, target)
        except OSError as error:
            raise not_writable(self.root, error, name) from error
        finally:
            if partial is not None:
                with suppress(OSError):  # an error has been raised already
                    partial.unlink(missing_ok=True)

    def claims(self) -> Claims:
        """Return the claims of this run, to be entered for as long as it extracts."""
        return Claims(self.root)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock that lets only one process at a time change the tables."""
        with self.claims() as claims, claims.alone("tables"):
            yield
