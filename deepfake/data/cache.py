"""Clips that were decoded and cut once, as raw bytes: what a model sees before augmentation.

    a mark for each clip, 8 bytes: 0, or 2**32 + the checksum of its bytes (kept files alone)
    the clips, T * 3 * S * S bytes each

A clip is served if it was written whole in this run, which `done` says in memory that all workers share, or if it lies
in a kept file and its checksum is right, which is looked at once a run. So neither a kill nor a loss of power in the
middle of a write is ever seen.
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
    """What a cache of so many clips of a shape takes."""
    return num_clips * (MARK_BYTES + prod(shape))


class Cache:
    """The clips of one dataset.

    Args:
        content: of the layout above; zeros, or what an earlier run left.
        shape: T, 3, S, S.
        path: of the file that is kept; None for bytes that go with the run.
    """

    def __init__(self, content: SharedBytes, num_clips: int, shape: Sequence[int], path: Path | None = None) -> None:
        self.content = content
        self.shape = tuple(shape)
        self.path = path
        self.num_clips = num_clips
        self.done = in_memory(num_clips)

    def get(self, index: int) -> Tensor | None:
        """(T, 3, S, S) uint8, or None if it is not there."""
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
        """Keep a clip. Another worker may do the same at the same time, with the same bytes.

        Raises:
            StoreError: the disk does not take it.
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
