"""Draw the clips of a training epoch in pairs: a fake, and the same frames of the real that it was made from."""

import numpy as np

from deepfake.data.clips import Clips
from deepfake.data.dataset import ClipDataset, Draw
from deepfake.data.sampler import PairSampler, VideoClips
from deepfake.errors import ConfigError
from deepfake.schema import Label


class PairedSampler(PairSampler):
    """Draws epochs of reals, each followed by a fake of it, with the same seed and so the same augmentation.

    Fakes are drawn as `BalancedSampler` draws those of a class; reals come with their fakes. Neither a fake whose real
    has no clip of the same frames and track nor a real without a fake is drawn.

    Args:
        dataset: its clips are sorted by video, track and start.
        real_of: (V,) position of each video's real among the videos; -1 if it has none here.
        num_clips: see `PairSampler`.
        seed: see `PairSampler`.
        num_replicas: see `PairSampler`.
        rank: see `PairSampler`.

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
        self.fake, self.real = find_pairs(dataset.clips, real_of)
        if not len(self.fake):
            raise ConfigError(
                "sampling.balance=paired finds no fake whose real is in the train split and has a clip of the same "
                "frames and track: use sampling.balance=class, data.tracks=all, or a corpus that names the real of a "
                "fake"
            )
        _, first, count = np.unique(dataset.clips.video.numpy()[self.fake], return_index=True, return_counts=True)
        super().__init__(dataset, VideoClips(first, count), num_clips, seed, num_replicas=num_replicas, rank=rank)
        self.num_fakes = len(first)

    def pair(self, picked: int, seed: int) -> tuple[Draw, Draw]:
        return Draw(int(self.real[picked]), seed), Draw(int(self.fake[picked]), seed)


def find_pairs(clips: Clips, real_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find for each clip of a fake the clip of its real that has the same track number and starts at the same frame.

    Tracks are numbered alike where the finder sees the same faces in both, and for certain where the fake has taken the
    boxes of its real (`faces.reuse_boxes`).

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
    keys = (video * tracks + track) * spans + start  # ascending, as the clips are
    wanted = (real_of[video[fake]] * tracks + track[fake]) * spans + start[fake]
    partner = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found = keys[partner] == wanted
    return fake[found], partner[found]
