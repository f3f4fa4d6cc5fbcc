"""How a store is written to: whole files or none, several runs at once, and what is said when it cannot be."""

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
        root: the folder; made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def sweep(self) -> None:
        """Remove what a run that was killed left half-written."""
        sweep(self.root)
        for left in (self.root / "partial").glob("*"):
            # Another run sweeps at the same time, nothing can be written here, or the file is none of ours.
            with suppress(OSError, ValueError):
                if abandoned(left):
                    mine = left.rename(self._partial())
                    shutil.rmtree(mine) if mine.is_dir() else mine.unlink()

    def _partial(self) -> Path:
        """A name under which something is written before it is renamed into place; it tells who writes."""
        (self.root / "partial").mkdir(parents=True, exist_ok=True)
        return self.root / "partial" / partial_name()

    def replace(self, name: str, content: bytes) -> None:
        """Write one of the store's own files, whole or not at all.

        Raises:
            StoreError: the disk is full, or cannot be written to.
        """
        with self.written(name) as partial:
            partial.write_bytes(content)

    @contextmanager
    def written(self, name: str) -> Iterator[Path]:
        """A path to write to, which becomes the store's file of that name at the end.

        Raises:
            StoreError: the disk is full, or cannot be written to.
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
                with suppress(OSError):  # said already
                    partial.unlink(missing_ok=True)

    def claims(self) -> Claims:
        """Who is at which video, to be entered for as long as a run extracts."""
        return Claims(self.root)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by one process at a time, to change the tables."""
        with self.claims() as claims, claims.alone("tables"):
            yield
