"""Draw the clips of a training epoch: as many fakes as reals, all videos in turn, reproducible by seed and epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch.utils.data import DistributedSampler, SequentialSampler

from deepfake.data.dataset import ClipDataset, Draw
from deepfake.schema import Label


@dataclass(frozen=True)
class _Class:
    """The videos of one label that have clips: the index of the first clip of each, and the number of its clips."""

    first: np.ndarray
    count: np.ndarray


class BalancedSampler(DistributedSampler[Draw]):
    """Draws epochs of which half the clips are from real videos, half from fake ones.

    Within a class, videos are drawn in shuffled rounds with a random clip from each, so a long video or one with many
    faces counts no more than another. Everything follows from `seed` and the epoch that Lightning sets, so a resumed
    run draws what the uninterrupted run would have drawn.

    It is a `DistributedSampler` because Lightning wraps any other sampler under DDP and then sets the epoch of the
    wrapper only. Each process takes its share of the same draws.

    Args:
        dataset: its clips are sorted by video and their labels are 0 or 1.
        num_clips: clips in an epoch, over all processes.
        seed: the run's seed.
        num_replicas: number of processes.
        rank: number of this process.
    """

    def __init__(
        self, dataset: ClipDataset, num_clips: int, seed: int, *, num_replicas: int = 1, rank: int = 0
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.num_clips = num_clips
        self.classes = [_videos_of(dataset, label) for label in Label]

    def __len__(self) -> int:
        return self.num_clips // self.num_replicas

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        halves = [_pick(videos, (self.num_clips + label) // 2, generator) for label, videos in enumerate(self.classes)]
        picked = np.concatenate(halves)
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) * self.num_replicas : self.num_replicas]:
            yield Draw(int(picked[i]), int(seeds[i]))


class SelfBlendingSampler(DistributedSampler[Draw]):
    """Draws epochs of reals, each followed by the blend of itself, with the same seed.

    Reals are drawn as `BalancedSampler` draws those of a class. In a batch of even size no pair is divided.

    Args:
        dataset: its clips are sorted by video; fakes are left out.
        num_clips: clips in an epoch, over all processes, half of them blends.
        seed: the run's seed.
        num_replicas: number of processes.
        rank: number of this process.
    """

    def __init__(
        self, dataset: ClipDataset, num_clips: int, seed: int, *, num_replicas: int = 1, rank: int = 0
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.num_pairs = num_clips // 2
        self.reals = _videos_of(dataset, Label.REAL)

    def __len__(self) -> int:
        return self.num_pairs // self.num_replicas * 2

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        picked = _pick(self.reals, self.num_pairs, generator)
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) // 2 * self.num_replicas : self.num_replicas]:
            for blend in (False, True):
                yield Draw(int(picked[i]), int(seeds[i]), blend)


class SameDraws(SequentialSampler):
    """The first epoch of another sampler, again in every epoch.

    With `trainer.overfit_batches` Lightning wants the same batches in all epochs. It replaces any sampler but a
    `SequentialSampler` by the order of the table, in which the first batches may hold one class alone.

    Args:
        sampler: draws the epoch.
    """

    def __init__(self, sampler: BalancedSampler | SelfBlendingSampler) -> None:
        super().__init__(sampler)
        self.draws = list(sampler)

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[Draw]:  # type: ignore[override]  # torch expects indices
        return iter(self.draws)


def _videos_of(dataset: ClipDataset, label: Label) -> _Class:
    """Return the videos of a label that have clips."""
    count, labels = dataset.clips.counts(), dataset.clips.labels.numpy()
    videos = np.flatnonzero((labels == label) & (count > 0))
    return _Class((np.cumsum(count) - count)[videos], count[videos])


def _pick(videos: _Class, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Draw (wanted,) clips from the videos of a class, one from each video in every round."""
    video = _rounds(len(videos.first), wanted, generator)
    within = generator.random(wanted) * videos.count[video]  # stays below the count after rounding
    return videos.first[video] + within.astype(np.int64)


def _rounds(count: int, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Return shuffled rounds over `count` items, cut to `wanted` items."""
    rounds = np.tile(np.arange(count), (-(-wanted // count), 1))
    return generator.permuted(rounds, axis=1).ravel()[:wanted]
