"""Random numbers of a sample, drawn one after the other."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Generator

Item = TypeVar("Item")


class Dice:
    """Draws numbers from a generator.

    Args:
        generator: is used up by what is drawn.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def chance(self, probability: float) -> bool:
        """Return true with a probability of 0 to 1."""
        return self.between(0, 1) < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` up to `high`."""
        return low + float(torch.rand((), generator=self.generator, dtype=torch.float64)) * (high - low)

    def around(self, value: float, reach: float) -> float:
        """Return a number at most `reach` away from a value."""
        return self.between(value - reach, value + reach)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def odd(self, low: int, high: int) -> int:
        """Return an odd number from `low` to `high`, both odd and included."""
        return low + 2 * self.whole(0, (high - low) // 2)

    def one_of(self, items: Sequence[Item]) -> Item:
        """Return one of some items."""
        return items[self.whole(0, len(items) - 1)]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return different items, in random order."""
        return [items[i] for i in torch.randperm(len(items), generator=self.generator)[:count].tolist()]
