"""A cache of decoded and cut clips as raw bytes: what a model sees before augmentation.

    a mark for each clip, 8 bytes: 0, or 2**32 + the checksum of its bytes (kept files only)
    the clips, T * 3 * S * S bytes each

A clip is served if it was written whole in this run, which `done` records in memory that all workers share, or if it is
in a kept file and its checksum is right, which is verified once in each run. So a write that was interrupted by a kill
or power failure is never served.
"""

import sys
import tempfile
import zlib
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deepfake.data.shared import SharedBytes, in_memory
from deepfake.errors import StoreError

MARKED = 2**32
MARK_BYTES = 8


def num_bytes(num_clips: int, shape: Sequence[int]) -> int:
    """Return the size of a cache for clips of this shape."""
    return num_clips * (MARK_BYTES + prod(shape))


class Cache:
    """The cached clips of one dataset.

    Args:
        content: bytes in the layout above; zeros, or the content from an earlier run.
        num_clips: number of clips in the dataset.
        shape: T, 3, S, S.
        path: the file that is kept; None if the cache ends with the run.
    """

    def __init__(self, content: SharedBytes, num_clips: int, shape: Sequence[int], path: Path | None = None) -> None:
        self.content = content
        self.shape = tuple(shape)
        self.path = path
        self.num_clips = num_clips
        self.done = in_memory(num_clips)

    def get(self, index: int) -> Tensor | None:
        """Return (T, 3, S, S) uint8, or None if the clip is not in the cache."""
        known = bool(self.done.array[index])
        mark = 0 if known or self.path is None else int(self.marks[index])
        if not known and not mark:
            return None
        first, size = self._place(index)
        clip = self.content.array[first : first + size].copy()
        if not known:
            if MARKED | zlib.crc32(clip.data) != mark:
                return None
            self.done.array[index] = 1
        return torch.from_numpy(clip).view(self.shape)

    def put(self, index: int, clip: Tensor) -> None:
        """Store a clip. Another worker may do this at the same time with the same bytes.

        Raises:
            StoreError: the disk cannot be written.
        """
        content = clip.numpy().tobytes()
        try:
            self.content.write(self._place(index)[0], content)
            if self.path is not None:
                self.content.write(
                    index * MARK_BYTES, (MARKED | zlib.crc32(content)).to_bytes(MARK_BYTES, sys.byteorder)
                )
        except OSError as error:
            where = self.path or f"a file in {tempfile.gettempdir()}"
            raise StoreError(
                f"the cache of clips, {where}, cannot be written ({error.strerror}): make room, "
                "or use loader.cache=null"
            ) from error
        self.done.array[index] = 1

    @property
    def marks(self) -> np.ndarray:
        """(num_clips,) uint64."""
        return self.content.array[: self.num_clips * MARK_BYTES].view(np.uint64)

    def _place(self, index: int) -> tuple[int, int]:
        size = prod(self.shape)
        return self.num_clips * MARK_BYTES + index * size, size
