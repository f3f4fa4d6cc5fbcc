"""What an epoch of training sees: as many fakes as reals, every video in turn, the same for the same seed and epoch."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DistributedSampler

from deepfake.data.dataset import ClipDataset, Draw


class BalancedSampler(DistributedSampler[Draw]):
    """Half of an epoch are clips of real videos, half of fake ones.

    Within a class, videos are drawn in shuffled rounds and a clip of each at random, so a long video or one with many
    faces counts no more than another. Everything follows from `seed` and the epoch that Lightning sets, so a resumed
    run draws what the uninterrupted one would have.

    It is a `DistributedSampler` because Lightning wraps any other one under DDP and then sets the epoch of its wrapper
    alone. Each process takes its share of the same draws.

    Args:
        dataset: `clips` with `label` 0 or 1, `video` a number for each clip's video.
        num_clips: clips an epoch, over all processes.
        seed: of the run.
        num_replicas: processes.
        rank: this process.
    """

    def __init__(
        self, dataset: ClipDataset, num_clips: int, seed: int, *, num_replicas: int = 1, rank: int = 0
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.num_clips = num_clips
        labels = dataset.clips["label"].to_numpy()
        # clips[label][i]: the clips of one video
        self.clips = [
            [
                np.flatnonzero((dataset.video == v) & (labels == label))
                for v in np.unique(dataset.video[labels == label])
            ]
            for label in (0, 1)
        ]

    def __len__(self) -> int:
        return self.num_clips // self.num_replicas

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        picked = [
            generator.choice(self.clips[label][video])
            for label in (0, 1)
            for video in _rounds(len(self.clips[label]), (self.num_clips + label) // 2, generator)
        ]
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) * self.num_replicas : self.num_replicas]:
            yield Draw(int(picked[i]), int(seeds[i]))


def _rounds(count: int, wanted: int, generator: np.random.Generator) -> np.ndarray:
    """Shuffled rounds over `count` items, cut to `wanted`."""
    return np.concatenate([generator.permutation(count) for _ in range(-(-wanted // count))])[:wanted]
