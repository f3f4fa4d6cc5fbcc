"""Encoded crops on their way into an archive: in memory while they are few, and the rest in a file.

A worker fills a pile, and the process that writes archives gets it: what is in memory is sent, what is in the file is
not, so that a video of an hour takes no more memory in either than a clip. Whoever starts the worker says where the
file may be (`Disk.scratch`), and removes it however the worker ends.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self, overload

from deepfake.errors import StoreError
from deepfake.store.faults import not_readable, not_writable

# Bytes in memory. Four segments of eight frames of a face take a tenth of it as WebP, and 0.4 as BMP at most.
MOST = 64 << 20


class Pile(Sequence[bytes]):
    """Encoded crops, in the order in which they were added.

    Args:
        path: the file, in a folder of `Disk.scratch`; both are made when they are needed. None keeps all in memory.
        most: bytes that are kept in memory.
    """

    def __init__(self, path: Path | None = None, most: int = MOST) -> None:
        self.path = path
        self._left = most
        self._written = 0  # bytes in the file
        self._kept: list[bytes | tuple[int, int]] = []  # the content, or where it begins in the file and its length

    def add(self, content: bytes) -> int:
        """Add a crop, and return its place in the pile.

        Raises:
            StoreError: the disk is full or read-only, or something else changed the file.
        """
        if self.path is None or self._left >= len(content):
            self._left -= len(content)
            self._kept.append(content)
        else:
            self._left = 0  # what follows one that did not fit lies in the file as well
            self._kept.append((self._write(self.path, content), len(content)))
        return len(self._kept) - 1

    def chosen(self, places: Sequence[int]) -> Self:
        """Return a pile of some of the crops, with the same file."""
        other = type(self)(self.path, most=0)
        other._kept = [self._kept[place] for place in places]
        return other

    def discard(self) -> None:
        """Delete the file."""
        if self.path is not None:
            with suppress(OSError):  # its folder goes as well when the run ends
                self.path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return list(self._read(self._kept[place]))
        return next(self._read([self._kept[place]]))

    def __iter__(self) -> Iterator[bytes]:
        return self._read(self._kept)

    def _write(self, path: Path, content: bytes) -> int:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                begin = file.tell()
                file.write(content)
            os.utime(path.parent)  # tells other machines that its run goes on
        except OSError as error:
            raise not_writable(path.parents[2], error, "/".join(path.parts[-3:])) from error
        if begin != self._written:
            raise _changed(path)
        self._written += len(content)
        return begin

    def _read(self, kept: Sequence[bytes | tuple[int, int]]) -> Iterator[bytes]:
        file: BinaryIO | None = None
        try:
            for each in kept:
                if isinstance(each, bytes):
                    yield each
                    continue
                assert self.path is not None
                try:
                    file = file or self.path.open("rb")
                    file.seek(each[0])
                    content = file.read(each[1])
                except OSError as error:
                    raise not_readable(self.path, error) from error
                if len(content) != each[1]:
                    raise _changed(self.path)
                yield content
        finally:
            if file is not None:
                file.close()


def _changed(path: Path) -> StoreError:
    return StoreError(
        f"{path} was changed or removed while faces were written to it: leave the folder alone while a run is at work, "
        "and give the same command again"
    )
