"""Draw the clips of a training epoch in pairs: a fake, and the same frames of the real that it was made from."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DistributedSampler

from deepfake.data.clips import Clips
from deepfake.data.dataset import ClipDataset, Draw
from deepfake.data.sampler import VideoClips, pick
from deepfake.errors import ConfigError
from deepfake.schema import Label


class PairedSampler(DistributedSampler[Draw]):
    """Draws epochs of reals, each followed by a fake of it, with the same seed and so the same augmentation.

    Fakes are drawn as `BalancedSampler` draws those of a class; reals come with their fakes. Neither a fake whose real
    has no clip of the same frames nor a real without a fake is drawn. In a batch of even size no pair is divided.

    Args:
        dataset: its clips are sorted by video, track and start.
        real_of: (V,) position of each video's real among the videos; -1 if it has none here.
        num_clips: clips in an epoch, over all processes, half of them fakes.
        seed: the run's seed.
        num_replicas: number of processes.
        rank: number of this process.

    Raises:
        ConfigError: there is no pair.

    Attributes:
        num_fakes: fake videos that are drawn.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        real_of: np.ndarray,
        num_clips: int,
        seed: int,
        *,
        num_replicas: int = 1,
        rank: int = 0,
    ) -> None:
        super().__init__(dataset, num_replicas=num_replicas, rank=rank, seed=seed)
        self.num_pairs = num_clips // 2
        self.fake, self.real = find_pairs(dataset.clips, real_of)
        if not len(self.fake):
            raise ConfigError(
                "sampling.balance=paired finds no fake whose real is in the train split and has a clip of the same "
                "frames: use sampling.balance=class, or a corpus that names the real of a fake"
            )
        _, first, count = np.unique(dataset.clips.video.numpy()[self.fake], return_index=True, return_counts=True)
        self.fakes = VideoClips(first, count)
        self.num_fakes = len(first)

    def __len__(self) -> int:
        return self.num_pairs // self.num_replicas * 2

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng([self.seed, self.epoch])
        picked = pick(self.fakes, self.num_pairs, generator)
        seeds = generator.integers(2**31, size=len(picked))
        order = generator.permutation(len(picked))
        for i in order[self.rank : len(self) // 2 * self.num_replicas : self.num_replicas]:
            for clips in (self.real, self.fake):
                yield Draw(int(clips[picked[i]]), int(seeds[i]))


def find_pairs(clips: Clips, real_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find for each clip of a fake the clip of its real that starts at the same frame.

    Of several faces of the real, the one with the fake's track number is taken, and the first if there is none.

    Args:
        clips: sorted by video, track and start.
        real_of: (V,) position of each video's real; -1 if it has none here.

    Returns:
        Indices of clips of fakes, ascending, and those of their partners.
    """
    video, track, start = (column.numpy().astype(np.int64) for column in (clips.video, clips.track, clips.start))
    fake = np.flatnonzero((clips.labels.numpy() == Label.FAKE)[video] & (real_of[video] >= 0))
    if not len(fake):
        return fake, fake
    spans, tracks = start.max() + 1, track.max() + 1
    real = real_of[video[fake]]
    same = _where((video * tracks + track) * spans + start, (real * tracks + track[fake]) * spans + start[fake])
    any_ = _where(video * spans + start, real * spans + start[fake])
    partner = np.where(same >= 0, same, any_)
    return fake[partner >= 0], partner[partner >= 0]


def _where(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the first position of each wanted key; -1 if it is not there."""
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[place]
    return np.where(keys[found] == wanted, found, -1)
