"""Many small questions to a disk, several at a time: on a network disk most of each is waiting."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 8
T = TypeVar("T")


def each_of(look: Callable[[str], T], names: Sequence[str]) -> Iterator[T]:
    """What is found of each, in this order."""
    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(lambda some: [look(name) for name in some], chunks(names)):
            yield from found


def chunks(names: Sequence[str], at_once: int = 1000) -> list[Sequence[str]]:
    """So many at a time; as many become one part of the tables."""
    return [names[start : start + at_once] for start in range(0, len(names), at_once)]
