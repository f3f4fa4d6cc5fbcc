"""Clips to validate on where a corpus has no fakes: each real, and the blend of it with itself."""

from typing import cast

import torch
from torch.utils.data import Dataset

from deepfake.data.dataset import Batch, ClipDataset, Draw


class WithBlends(Dataset[Batch]):
    """N reals and their N blends, in turn. The blend of a clip is the same in every epoch and every run.

    The blends of a video are a video of their own: its number is that of the real plus the number of videos.

    Args:
        dataset: reals, whose augmentation makes blends and changes nothing else.
    """

    def __init__(self, dataset: ClipDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return 2 * len(self.dataset)

    def __getitem__(self, item: int) -> Batch:
        index, is_blend = divmod(item, 2)
        if not is_blend:
            return cast(Batch, {**self.dataset[index], "index": torch.tensor(item)})
        sample = self.dataset[Draw(index, seed=index, blend=True)]
        video = sample["video"] + len(self.dataset.clips.video_ids)
        return cast(Batch, {**sample, "video": video, "index": torch.tensor(item)})

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """T, 3, S, S."""
        return self.dataset.clip_shape
