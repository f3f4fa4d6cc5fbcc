"""Encoded crops on their way into an archive: in memory while they are few, and the rest in a file.

A worker fills a pile, and the process that writes archives gets it: what is in memory is sent, what is in the file is
not, so that a video of an hour takes no more memory in either than a clip.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self, overload

from deepfake.store.disk import Disk
from deepfake.store.faults import not_writable

MOST = 64 << 20  # bytes in memory; four segments of eight frames take a tenth of it


class Pile(Sequence[bytes]):
    """Encoded crops, in the order in which they were added.

    Args:
        disk: of the store whose folder gets the file, which is the only one that is written; None keeps all in memory.
        most: bytes that are kept in memory.
    """

    def __init__(self, disk: Disk | None = None, most: int = MOST) -> None:
        self._disk = disk
        self._left = most
        self._kept: list[bytes | tuple[int, int]] = []  # the content, or where it begins in the file and its length
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def add(self, content: bytes) -> int:
        """Add a crop, and return its place in the pile.

        Raises:
            StoreError: the disk is full or read-only.
        """
        if self._disk is None or self._left >= len(content):
            self._left -= len(content)
            self._kept.append(content)
        else:
            self._left = 0  # what follows one that did not fit lies in the file as well
            self._kept.append((self._write(self._disk, content), len(content)))
        return len(self._kept) - 1

    def chosen(self, places: Sequence[int]) -> Self:
        """Return a pile of some of the crops, which takes over the file; nothing can be added to either any more."""
        other = type(self)()
        other._kept = [self._kept[place] for place in places]
        self._close()
        other._path, self._path = self._path, None
        return other

    def discard(self) -> None:
        """Delete the file."""
        self._close()
        if self._path is not None:
            with suppress(OSError):  # the store removes what is left there when it is opened
                self._path.unlink(missing_ok=True)

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

    def __getstate__(self) -> dict[str, object]:
        self._close()
        return self.__dict__

    def _write(self, disk: Disk, content: bytes) -> int:
        try:
            if self._file is None:
                self._path = self._path or disk.partial()
                self._file = self._path.open("ab")
            begin = self._file.tell()
            self._file.write(content)
            self._file.flush()  # so that a full disk is noticed here
            return begin
        except OSError as error:
            raise not_writable(disk.root, error, "partial") from error

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # raised already when it was written to
                self._file.close()
            self._file = None

    def _read(self, kept: Sequence[bytes | tuple[int, int]]) -> Iterator[bytes]:
        file = None if self._path is None else self._path.open("rb")
        try:
            for each in kept:
                if isinstance(each, bytes):
                    yield each
                else:
                    assert file is not None
                    file.seek(each[0])
                    yield file.read(each[1])
        finally:
            if file is not None:
                file.close()
