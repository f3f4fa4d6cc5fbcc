"""Clips out of the face store. A frame is a clip of length 1."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from deepfake.data.augment import Augmentation
from deepfake.data.cut import check_margin, cut, cut_box
from deepfake.errors import StoreError
from deepfake.schema import ClipSpec
from deepfake.store import FACE, SQUARE, FaceStore


@dataclass(frozen=True, slots=True)
class Draw:
    """A training sample: which clip, and the seed of its augmentation."""

    index: int
    seed: int


class Batch(TypedDict):
    """B clips; the same keys without the first dimension are one.

    clip: (B, T, 3, S, S) uint8 out of the loader, float in [0, 1] on the device.
    label: (B,) float, 0 real, 1 fake, NaN where nobody knows.
    video: (B,) a number for each video of the split.
    index: (B,) row in the table of clips.
    """

    clip: Tensor
    label: Tensor
    video: Tensor
    index: Tensor


class ClipDataset(Dataset[Batch]):
    """The clips of a table, cut as a model wants them.

    Args:
        clips: `video_id`, `track`, `start`, `label` (0, 1 or NaN), one row a clip.
        store: holds their crops.
        spec: what the model wants to see.
        augment: applied to a `Draw`; a plain index is read as it is.

    Raises:
        StoreError: the model wants more context than the store holds.
    """

    def __init__(self, clips: pd.DataFrame, store: FaceStore, spec: ClipSpec, augment: Augmentation) -> None:
        check_margin(spec.margin, store.recipe["margin"])
        self.clips = clips.reset_index(drop=True)
        self.spec = spec
        self.store = store
        self.augment = augment
        self.video = pd.factorize(self.clips["video_id"])[0]
        # Plain arrays: workers that are forked would copy a frame's Python objects page by page.
        crops = store.crops()
        crops = crops[crops["video_id"].isin(self.clips["video_id"].unique())]
        self._place = crops.set_index(["video_id", "track", "frame"]).index
        self._squares = crops[SQUARE].to_numpy(np.float64)
        self._faces = crops[FACE].to_numpy(np.float64)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, item: int | Draw) -> Batch:
        index = item.index if isinstance(item, Draw) else item
        row = self.clips.iloc[index]
        frames = row["start"] + np.arange(self.spec.clip_length) * self.spec.frame_stride
        clip = torch.stack([self._image(row["video_id"], row["track"], int(frame)) for frame in frames])
        if isinstance(item, Draw):
            clip = self.augment(clip, torch.Generator().manual_seed(item.seed))
        return Batch(
            clip=clip,
            label=torch.tensor(row["label"], dtype=torch.float),
            video=torch.tensor(self.video[index]),
            index=torch.tensor(index),
        )

    def _image(self, video_id: str, track: int, frame: int) -> Tensor:
        path = self.store.image_path(video_id, track, frame)
        try:
            with Image.open(path) as file:
                image = torch.from_numpy(np.array(file.convert("RGB"))).permute(2, 0, 1)
        except OSError as error:
            raise StoreError(f"cannot read the crop {path}: delete its video's folder and run extract.py") from error
        i = self._place.get_loc((video_id, track, frame))
        box = cut_box(self._squares[i], self._faces[i], image.shape[-1], self.spec.margin, self.spec.shape)
        return cut(image, *box, self.spec.size)
