"""Draw the clips of a training epoch: balanced, all videos in turn, reproducible by seed and epoch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from torch.utils.data import DistributedSampler, SequentialSampler

from deepfake.data.dataset import ClipDataset, Draw
from deepfake.schema import Label

Balance = Literal["class", "method", "natural", "paired"]


@dataclass(frozen=True)
class VideoClips:
    """Videos that have clips: the index of the first clip of each, and the number of its clips."""

    first: np.ndarray
    count: np.ndarray


class BalancedSampler(DistributedSampler[Draw]):
    """Draws epochs of which half the clips are from real videos, half from fake ones, unless told otherwise.

    Within a group, videos are drawn in shuffled rounds with a random clip from each, so a long video or one with many
    faces counts no more than another. Everything follows from `seed` and the epoch that Lightning sets, so a resumed
    run draws what the uninterrupted run would have drawn.

    It is a `DistributedSampler` because Lightning wraps any other sampler under DDP and then sets the epoch of the
    wrapper only. Each process takes its share of the same draws.

    Args:
        dataset: its clips are sorted by video and their labels are 0 or 1.
        num_clips: clips in an epoch, over all processes.
        seed: the run's seed.
        balance: `class` draws as many fakes as reals; `method` also as many fakes of each method; `natural` draws each
            video as often as any other, whatever its label; `PairedSampler` has the other one.
        num_replicas: number of processes.
        rank: number of this process.

    Attributes:
        groups: the videos of each group, and how many clips of them an epoch has.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        num_clips: int,
        seed: int,
        balance: Balance = "class",
        *,
        num_replicas: int = 1,
        rank: int = 0,
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.num_clips = num_clips
        self.groups = _groups(dataset, num_clips, balance)

    def __len__(self) -> int:
        return self.num_clips // self.num_replicas

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        picked = np.concatenate([pick(videos, wanted, generator) for videos, wanted in self.groups])
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) * self.num_replicas : self.num_replicas]:
            yield Draw(int(picked[i]), int(seeds[i]))


class PairSampler(DistributedSampler[Draw], ABC):
    """Draws epochs of pairs with one seed, and so with one augmentation. In a batch of even size no pair is divided.

    Args:
        dataset: its clips are sorted by video.
        videos: what is drawn from, as `BalancedSampler` draws from a group.
        num_clips: clips in an epoch, over all processes, two for each pair.
        seed: the run's seed.
        num_replicas: number of processes.
        rank: number of this process.
    """

    def __init__(
        self, dataset: ClipDataset, videos: VideoClips, num_clips: int, seed: int, *, num_replicas: int, rank: int
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.videos = videos
        self.num_pairs = num_clips // 2

    @abstractmethod
    def pair(self, picked: int, seed: int) -> tuple[Draw, Draw]:
        """Return the real and the fake that belong to what was picked from the videos."""

    def __len__(self) -> int:
        return self.num_pairs // self.num_replicas * 2

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        picked = pick(self.videos, self.num_pairs, generator)
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) // 2 * self.num_replicas : self.num_replicas]:
            yield from self.pair(int(picked[i]), int(seeds[i]))


class SelfBlendingSampler(PairSampler):
    """Draws epochs of reals, each followed by the blend of itself; fakes are left out.

    Args:
        dataset: see `PairSampler`.
        num_clips: see `PairSampler`.
        seed: see `PairSampler`.
        num_replicas: see `PairSampler`.
        rank: see `PairSampler`.
    """

    def __init__(
        self, dataset: ClipDataset, num_clips: int, seed: int, *, num_replicas: int = 1, rank: int = 0
    ) -> None:
        reals = _videos_in(dataset, dataset.clips.labels.numpy() == Label.REAL)
        super().__init__(dataset, reals, num_clips, seed, num_replicas=num_replicas, rank=rank)

    def pair(self, picked: int, seed: int) -> tuple[Draw, Draw]:
        return Draw(picked, seed), Draw(picked, seed, blend=True)


class SameDraws(SequentialSampler):
    """The first epoch of another sampler, again in every epoch.

    With `trainer.overfit_batches` Lightning wants the same batches in all epochs. It replaces any sampler but a
    `SequentialSampler` by the order of the table, in which the first batches may hold one class alone.

    Args:
        sampler: draws the epoch.
    """

    def __init__(self, sampler: DistributedSampler[Draw]) -> None:
        super().__init__(sampler)
        self.draws = list(sampler)

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[Draw]:  # type: ignore[override]  # torch expects indices
        return iter(self.draws)


def _groups(dataset: ClipDataset, num_clips: int, balance: Balance) -> list[tuple[VideoClips, int]]:
    """Return groups of videos, and how many clips of each an epoch has."""
    labels = dataset.clips.labels.numpy()
    if balance == "natural":
        return [(_videos_in(dataset, np.ones(len(labels), bool)), num_clips)]
    halves = [(num_clips + label) // 2 for label in Label]
    if balance == "class":
        return [(_videos_in(dataset, labels == label), half) for label, half in zip(Label, halves, strict=True)]
    reals = _videos_in(dataset, labels == Label.REAL), halves[Label.REAL]
    numbers, _ = pd.factorize(np.array(dataset.clips.methods.to_list(), object), sort=True)
    used = np.unique(numbers[(labels == Label.FAKE) & (dataset.clips.counts() > 0)])
    fakes = [_videos_in(dataset, (labels == Label.FAKE) & (numbers == number)) for number in used]
    return [reals, *((videos, (halves[Label.FAKE] + k) // len(fakes)) for k, videos in enumerate(fakes))]


def _videos_in(dataset: ClipDataset, chosen: np.ndarray) -> VideoClips:
    """Return the chosen videos that have clips."""
    count = dataset.clips.counts()
    videos = np.flatnonzero(chosen & (count > 0))
    return VideoClips((np.cumsum(count) - count)[videos], count[videos])


def pick(videos: VideoClips, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Draw (wanted,) clips from videos, one from each video in every round."""
    video = _rounds(len(videos.first), wanted, generator)
    within = generator.random(wanted) * videos.count[video]  # stays below the count after rounding
    return videos.first[video] + within.astype(np.int64)


def _rounds(count: int, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Return shuffled rounds over `count` items, cut to `wanted` items."""
    rounds = np.tile(np.arange(count), (-(-wanted // count), 1))
    return generator.permuted(rounds, axis=1).ravel()[:wanted]
