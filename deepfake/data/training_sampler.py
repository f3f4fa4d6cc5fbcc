"""Choose what draws the clips of an epoch, by `sampling.balance` and by whether the augmentation makes the fakes."""

import logging

import numpy as np
import pandas as pd
from torch.utils.data import DistributedSampler

from deepfake.data.augment import Augmentation
from deepfake.data.dataset import ClipDataset, Draw
from deepfake.data.paired_sampler import PairedSampler
from deepfake.data.sampler import Balance, BalancedSampler, SelfBlendingSampler
from deepfake.errors import ConfigError
from deepfake.schema import Label

log = logging.getLogger(__name__)
_DRAWN = {
    "class": "an epoch has as many fakes as reals",
    "method": "an epoch has as many fakes as reals, and as many of each method",
    "natural": "an epoch has fakes and reals as the corpus does",
}


def require_balance(balance: Balance, augment: Augmentation, batch_size: int) -> None:
    """Stop if a way to draw does not go with the augmentation or the size of a batch.

    Raises:
        ConfigError: it does not.
    """
    if balance != "class" and augment.makes_fakes:
        raise ConfigError(
            f"sampling.balance={balance} has no effect with augment=sbi, which draws each real and its blend: use "
            "sampling.balance=class"
        )
    if balance == "paired" and batch_size % 2:
        raise ConfigError(
            f"loader.batch_size={batch_size} would divide pairs of sampling.balance=paired: use {batch_size + 1}"
        )


def training_sampler(
    dataset: ClipDataset,
    videos: pd.DataFrame,
    balance: Balance,
    clips_per_video: int,
    seed: int,
    *,
    num_replicas: int,
    rank: int,
) -> DistributedSampler[Draw]:
    """Return what draws the clips of an epoch.

    Args:
        dataset: the training clips.
        videos: `real_id` and `num_frames` of each video, by `video_id`.
        balance: see `BalancedSampler` and `PairedSampler`.
        clips_per_video: clips of an epoch for each video; where the augmentation makes the fakes, pairs for each real.
        seed: the run's seed.
        num_replicas: number of processes.
        rank: number of this process.
    """
    share = {"num_replicas": num_replicas, "rank": rank}
    has_clips, labels = dataset.clips.counts() > 0, dataset.clips.labels.numpy()
    num_clips = clips_per_video * int(has_clips.sum())
    if dataset.augment.makes_fakes:
        num_clips = 2 * clips_per_video * int((has_clips & (labels == Label.REAL)).sum())
        return SelfBlendingSampler(dataset, num_clips, seed, **share)
    if balance == "paired":
        real_of = _real_of(videos.loc[dataset.clips.video_ids.to_list()])
        paired = PairedSampler(dataset, real_of, num_clips, seed, **share)
        num_fakes = int((has_clips & (labels == Label.FAKE)).sum())
        log.info("sampling.balance=paired: %d of %d fakes have their real beside them", paired.num_fakes, num_fakes)
        return paired
    log.info("sampling.balance=%s: %s", balance, _DRAWN[balance])
    return BalancedSampler(dataset, num_clips, seed, balance, **share)


def _real_of(videos: pd.DataFrame) -> np.ndarray:
    """Return for each video the position of its real among them; -1 if it has none of as many frames."""
    found = videos.index.get_indexer(pd.Index(videos["real_id"]))
    num_frames = videos["num_frames"].to_numpy()
    return np.where((found >= 0) & (num_frames == num_frames[found]), found, -1)
