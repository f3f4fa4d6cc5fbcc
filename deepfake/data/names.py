"""Many strings in two tensors that workers share; a million Python strings would be copied into each worker."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch


class Names:
    """A sequence of strings.

    Args:
        names: the strings in order.

    Example:
        >>> names = Names(["real/a", "fake/ä"])
        >>> names[1], len(names), names.take([1, 0, 1])
        ('fake/ä', 2, ['fake/ä', 'real/a', 'fake/ä'])
    """

    def __init__(self, names: Sequence[str]) -> None:
        # A file name need not be valid text; Python represents its odd bytes as surrogates.
        encoded = [name.encode("utf-8", "surrogateescape") for name in names]
        self._ends = torch.from_numpy(np.cumsum([0, *map(len, encoded)]))
        self._bytes = torch.from_numpy(np.frombuffer(bytearray(b"".join(encoded)) or bytearray(1), np.uint8))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        first, last = self._ends[index : index + 2].tolist()
        return self._bytes[first:last].numpy().tobytes().decode("utf-8", "surrogateescape")

    def take(self, indices: Sequence[int] | np.ndarray) -> list[str]:
        """Return the strings at these positions."""
        unique, inverse = np.unique(np.asarray(indices, np.int64), return_inverse=True)
        known = [self[int(index)] for index in unique]
        return [known[i] for i in inverse]

    def to_list(self) -> list[str]:
        """Return all strings."""
        content, ends = self._bytes.numpy().tobytes(), self._ends.tolist()
        return [content[i:j].decode("utf-8", "surrogateescape") for i, j in pairwise(ends)]

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """The tensors that hold the strings."""
        return self._bytes, self._ends
