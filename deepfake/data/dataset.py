"""Clips out of the face store. A frame is a clip of length 1."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypedDict

import numpy as np
import torch
import torchvision
from torch import Tensor
from torch.utils.data import Dataset

from deepfake.content import hasher
from deepfake.data.augment import Augmentation
from deepfake.data.cache import Cache
from deepfake.data.clips import Clips
from deepfake.data.cut import check_margin, cut_boxes, cut_window
from deepfake.errors import StoreError
from deepfake.schema import ClipSpec
from deepfake.store import FACE, PLACE, SQUARE, FaceStore, decode

CLIP_COLUMNS = ["track", "segment", "frame", *SQUARE, *FACE, *PLACE]  # what clips need to know of crops
PLACE_TYPES = dict(zip(PLACE, (np.int64, np.int32, np.int64), strict=True))
CHUNK = 1_000_000  # crops whose cuts are computed at a time, in double precision


@dataclass(frozen=True, slots=True)
class Draw:
    """A training sample: which clip, and the seed of its augmentation."""

    index: int
    seed: int


class Batch(TypedDict):
    """B clips; the same keys without the first dimension are one.

    clip: (B, T, 3, S, S) uint8 out of the loader, float in [0, 1] on the device.
    draw: (B, K) float32 in [0, 1): what decides its augmentation; K = 0 where nothing is augmented.
    label: (B,) float, 0 real, 1 fake, NaN where nobody knows.
    video: (B,) a number for each video of the split.
    track: (B,) of that video.
    index: (B,) row in the table of clips.
    """

    clip: Tensor
    draw: Tensor
    label: Tensor
    video: Tensor
    track: Tensor
    index: Tensor


@dataclass(frozen=True, eq=False)
class Crops:
    """The crops of N clips, those of a clip one behind the other, so that clip i has the rows i * T to i * T + T.

    Tensors: workers that are forked share their pages, and others map the same memory.

    Attributes:
        box: (N * T, 4) int16, the cut: left, top, width, height in pixels of the stored image.
        side: (N * T,) int16, of the stored image.
        offset: (N * T,) int64, where in its video's archive the image lies.
        length: (N * T,) int32, its bytes.
        crc: (N * T,) int64, their checksum, as torch has little for unsigned numbers.
    """

    box: Tensor
    side: Tensor
    offset: Tensor
    length: Tensor
    crc: Tensor


class ClipDataset(Dataset[Batch]):
    """Clips, cut as a model wants them.

    Args:
        clips: which frames of which videos.
        store: holds their crops.
        spec: what the model wants to see.
        augment: applied to a `Draw`, the worker's half of it; a plain index is read as it is.
        table: of the crops of the clips' videos, as `store.crop_columns(video_ids, CLIP_COLUMNS)` gives it, by which
            the clips were found; None: read again.

    Raises:
        StoreError: the model wants more context than the store holds; its tables are others than when the clips were
            found.

    Attributes:
        cache: where clips that were cut are kept, if anywhere.
    """

    def __init__(
        self,
        clips: Clips,
        store: FaceStore,
        spec: ClipSpec,
        augment: Augmentation,
        table: tuple[np.ndarray, Mapping[str, np.ndarray]] | None = None,
    ) -> None:
        check_margin(spec.margin, store.recipe["margin"])
        self.clips = clips
        self.spec = spec
        self.store = store
        self.augment = augment
        self.cache: Cache | None = None
        video, columns = table or store.crop_columns(clips.video_ids.to_list(), CLIP_COLUMNS)
        self.crops = crops_of(clips, video, columns, store, spec)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, item: int | Draw) -> Batch:
        index = item.index if isinstance(item, Draw) else item
        video = self.clips.video[index]  # an index beyond the last is an IndexError, which ends an iteration
        clip, draw = self._clip(index), torch.empty(0)
        if isinstance(item, Draw):
            draw = torch.rand(self.augment.num_draws, generator=torch.Generator().manual_seed(item.seed))
            clip = self.augment.in_worker(clip, draw)
        return Batch(
            clip=clip,
            draw=draw,
            label=self.clips.labels[video],
            video=video.long(),
            track=self.clips.track[index].long(),
            index=torch.tensor(index),
        )

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """T, 3, S, S; a clip has a byte for each."""
        return self.spec.clip_length, 3, self.spec.size, self.spec.size

    def digest(self) -> str:
        """Of all that decides the pixels of the clips, in order: the images' contents, the cut, who makes it."""
        store = [self.store.root.parent.name, self.store.root.name, self.store.recipe]
        how = [asdict(self.spec), torch.__version__, torchvision.__version__]
        digest = hasher(json.dumps([store, how], sort_keys=True).encode())
        of_videos = (*self.clips.video_ids.tensors, self.clips.video)
        for tensor in (*of_videos, *vars(self.crops).values()):
            digest.update(tensor.numpy().data)
        return digest.hexdigest()

    def _clip(self, index: int) -> Tensor:
        """(T, 3, S, S) uint8, out of the cache if it is there."""
        if self.cache is None:
            return self._read(index)
        if (kept := self.cache.get(index)) is not None:
            return kept
        clip = self._read(index)
        self.cache.put(index, clip)
        return clip

    def _read(self, index: int) -> Tensor:
        """(T, 3, S, S) uint8, out of the store."""
        rows = slice(index * self.spec.clip_length, (index + 1) * self.spec.clip_length)
        video_id = self.clips.video_ids[int(self.clips.video[index])]
        crops = self.crops
        place = (crops.offset[rows].numpy(), crops.length[rows].numpy(), crops.crc[rows].numpy())
        try:
            images = [decode(content) for content in self.store.read_images(video_id, *place)]
        except OSError as error:  # Pillow's, of what is whole and no image
            raise self._odd(video_id, str(error)) from error
        for image, side in zip(images, crops.side[rows].tolist(), strict=True):
            if image.shape != (side, side, 3):
                raise self._odd(video_id, f"the shape {image.shape}, and its table says {(side, side, 3)}")
        return cut_window(images, crops.box[rows].numpy(), self.spec.size)

    def _odd(self, video_id: str, what: str) -> StoreError:
        return StoreError(
            f"{self.store.archive_path(video_id)} has a crop that is not what was stored ({what}): delete it and run "
            "scripts/extract.py, which extracts its video again"
        )


def crops_of(
    clips: Clips, video: np.ndarray, columns: Mapping[str, np.ndarray], store: FaceStore, spec: ClipSpec
) -> Crops:
    """What is needed to read and cut these clips, and no more.

    Args:
        clips: by whose rows the crops are looked up.
        video: (N,) place of each crop's video in `clips.video_ids`.
        columns: `CLIP_COLUMNS`, each (N,).
        store: that holds the crops.
        spec: of the clips.

    Raises:
        StoreError: the tables have changed since the clips were found.
    """
    first, num_rows = clips.row.numpy(), len(clips) * spec.clip_length
    if len(first) and (first[-1] >= len(video) or (video[first] != clips.video.numpy()).any()):
        raise StoreError(f"the tables of {store.root} were changed while they were read: give the same command again")
    rows = (first[:, None] + np.arange(spec.clip_length) * spec.frame_stride).ravel()
    box, side = np.empty((num_rows, 4), np.int16), np.empty(num_rows, np.int16)
    for chunk in (slice(i, i + CHUNK) for i in range(0, num_rows, CHUNK)):
        square, face = (np.stack([columns[name][rows[chunk]] for name in names], 1) for names in (SQUARE, FACE))
        side[chunk] = np.minimum(square[:, 2], store.recipe.get("max_crop_size", np.inf))
        box[chunk] = cut_boxes(square, face, side[chunk], spec.margin, spec.shape)
    offset, length, crc = (torch.from_numpy(columns[name][rows].astype(kind)) for name, kind in PLACE_TYPES.items())
    return Crops(torch.from_numpy(box), torch.from_numpy(side), offset, length, crc)
