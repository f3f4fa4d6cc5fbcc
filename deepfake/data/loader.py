"""Loaders of clips: how many processes decode, and whether their batches fit into shared memory.

A batch travels from a worker through /dev/shm. A loader with W workers has up to 2 W + 2 batches there: two that each
worker prepares ahead, one that the model is using, and the next, which Lightning fetches early.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader, DistributedSampler

from deepfake.data.blended_val import WithBlends
from deepfake.data.dataset import Batch, ClipDataset, Draw
from deepfake.data.machine import Machine, in_words, this_machine
from deepfake.data.sampler import SameDraws
from deepfake.errors import ConfigError

log = logging.getLogger(__name__)
AHEAD = 2  # batches that a worker prepares ahead
IN_USE = 2  # batches that Lightning holds
MAX_WORKERS = 16  # limit for the automatic choice; validation starts as many again
WORKER_BYTES = 400_000_000  # memory of a spawned worker that imports torch; a forked one takes less
SPARE = 0.9  # share of /dev/shm that batches may take; other programs use it too


@dataclass(frozen=True)
class Batches:
    """The batches of an epoch.

    Attributes:
        num_bytes: size of one batch.
        size: number of clips in one batch.
        count: number of batches in an epoch.
    """

    num_bytes: int
    size: int
    count: int

    def in_flight(self, num_workers: int) -> int:
        """Return the most batches that are in shared memory at once."""
        return min(self.count, num_workers * AHEAD + IN_USE) if num_workers else 0


def choose_workers(wanted: int | None, batches: Batches, machine: Machine) -> int:
    """Choose the number of loader processes; 0 loads in the main process.

    Args:
        wanted: the number to use; None uses one for each core, fewer if memory or shared memory are short.
        batches: the batches to load.
        machine: resources of the machine.

    Raises:
        ConfigError: the batches of the wanted number of processes do not fit into shared memory.
    """
    if wanted is not None:
        _require_room(wanted, batches, machine)
        return wanted
    by_memory = machine.memory // 2 // (WORKER_BYTES + AHEAD * batches.num_bytes)
    most = min(machine.cores, by_memory, MAX_WORKERS, batches.count)
    chosen = max(n for n in range(most + 1) if _fits(n, batches, machine))
    if chosen < most:
        reason = _no_room(most, batches, machine.shared_memory or 0)
        log.warning("only %d workers load, not %d: %s", chosen, most, reason)
    return chosen


class ClipLoader(DataLoader[Batch]):
    """A loader that starts to load when the first batch is requested.

    A plain loader with workers asks the sampler for the first batches as soon as its iterator is made. Lightning makes
    the iterator before it tells the sampler the epoch, so a resumed run would repeat the draws of the first epoch.
    """

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]  # callers only need an iterator
        yield from super().__iter__()


def clip_loader(
    dataset: ClipDataset | WithBlends,
    batch_size: int,
    num_workers: int | None,
    sampler: DistributedSampler[Draw] | SameDraws | None = None,
    *,
    pin_memory: bool = False,
    machine: Machine | None = None,
) -> DataLoader[Batch]:
    """Make a loader of batches in the order of the table, or of the sampler.

    Args:
        dataset: the clips.
        batch_size: number of clips in a batch.
        num_workers: loader processes; None starts as many as this machine has cores and memory for.
        sampler: draws the clips of an epoch; None takes all in order.
        pin_memory: for a CUDA device, whose copies then overlap with its work.
        machine: resources of the machine; None measures what is free now.

    Raises:
        ConfigError: the batches do not fit into shared memory.
    """
    batches = batches_of(dataset, batch_size, len(dataset) if sampler is None else len(sampler))
    workers = choose_workers(num_workers, batches, machine or this_machine())
    return ClipLoader(
        dataset,
        batch_size,
        sampler=sampler,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
        # Its own generator: a loader draws a number when an epoch begins. From the global generator, that would shift
        # the dropout of a resumed run, whose loader starts at another time.
        generator=torch.Generator(),
    )


def log_workers(loader: DataLoader[Batch], wanted: int | None, machine: Machine | None = None) -> None:
    """Log how many processes load, and why."""
    machine = machine or this_machine()
    chosen = (
        f"for {machine.cores} cores and {in_words(machine.memory)} of free memory" if wanted is None else "as asked"
    )
    log.info("loader.num_workers=%d, %s", loader.num_workers, chosen)


def batches_of(dataset: ClipDataset | WithBlends, batch_size: int, num_clips: int) -> Batches:
    """Return the batches of some number of clips of a dataset."""
    size = min(batch_size, num_clips)
    return Batches(size * torch.Size(dataset.clip_shape).numel(), size, -(-num_clips // batch_size))


def _fits(num_workers: int, batches: Batches, machine: Machine) -> bool:
    if machine.shared_memory is None:
        return True
    return batches.in_flight(num_workers) * batches.num_bytes <= machine.shared_memory * SPARE


def _require_room(wanted: int, batches: Batches, machine: Machine) -> None:
    if not _fits(wanted, batches, machine):
        raise ConfigError(f"loader.num_workers={wanted}: {_no_room(wanted, batches, machine.shared_memory or 0)}")


def _no_room(num_workers: int, batches: Batches, free: int) -> str:
    """Return why that many workers do not fit, and the cures."""
    count = batches.in_flight(num_workers)
    fewer = max(n for n in range(num_workers) if batches.in_flight(n) * batches.num_bytes <= free * SPARE)
    smaller = int(free * SPARE / count / (batches.num_bytes / batches.size))
    cures = [f"loader.num_workers={fewer}", *([f"loader.batch_size={smaller}"] if smaller else [])]
    return (
        f"they keep up to {count} batches of {in_words(batches.num_bytes)} in /dev/shm ({AHEAD} that each of "
        f"{num_workers} prepares, and {IN_USE} in use), {in_words(count * batches.num_bytes)} in all, and it has "
        f"{in_words(free)} free: use {' or '.join(cures)}, or a container with docker run --shm-size="
        f"{-(-count * batches.num_bytes * 2 // 10**9)}g"
    )
