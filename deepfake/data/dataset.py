"""Clips from the face store. A frame is a clip of length 1."""

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
from deepfake.data.augment import Augmentation, Sample
from deepfake.data.cache import Cache
from deepfake.data.clips import Clips
from deepfake.data.cut import check_margin, cut_boxes, cut_window
from deepfake.data.landmarks import cut_landmarks
from deepfake.errors import StoreError
from deepfake.schema import ClipSpec
from deepfake.store import FACE, LANDMARKS, PLACE, SQUARE, FaceStore, decode
from deepfake.threads import one_thread

CLIP_COLUMNS = ["track", "segment", "frame", *SQUARE, *FACE, *PLACE]  # columns of crops that clips need
PLACE_TYPES = dict(zip(PLACE, (np.int64, np.int32, np.int64), strict=True))
CHUNK = 1_000_000  # crops whose cuts are computed at once, in double precision


@dataclass(frozen=True, slots=True)
class Draw:
    """A training sample.

    Attributes:
        index: the index of a clip.
        seed: the seed of its augmentation.
        blend: whether the clip, a real, is to become a fake that is blended from itself.
    """

    index: int
    seed: int
    blend: bool = False


class Batch(TypedDict):
    """B clips; a single sample has the same keys without the first dimension.

    clip: (B, T, 3, S, S) uint8 from the loader, float in [0, 1] on the device.
    draw: (B, K) float32 in [0, 1), the random numbers of the augmentation; K = 0 if there is none.
    label: (B,) float, 0 real, 1 fake, NaN if unknown.
    video: (B,) number of the video within the split.
    track: (B,) track of that video.
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
    """The crops of N clips, in order, so that clip i has the rows i * T to i * T + T.

    They are tensors, since forked workers share their pages and spawned ones map the same memory.

    Attributes:
        box: (N * T, 4) int16, the cut: left, top, width, height in pixels of the stored image.
        side: (N * T,) int16, side of the stored image.
        offset: (N * T,) int64, position of the image in its video's archive, in bytes.
        length: (N * T,) int32, length of the image in bytes.
        crc: (N * T,) int64, checksum of these bytes; signed, as torch hardly supports unsigned integers.
    """

    box: Tensor
    side: Tensor
    offset: Tensor
    length: Tensor
    crc: Tensor


class ClipDataset(Dataset[Batch]):
    """Clips, cut as a model needs them.

    Args:
        clips: which frames of which videos.
        store: holds the crops.
        spec: the input that the model expects.
        augment: its worker half is applied to items given as a `Draw`; an item given as an index is not augmented.
        table: the crops of the clips' videos, as `store.crop_columns(video_ids, clip_columns(augment))` returned them
            when the clips were found; None reads them again.

    Raises:
        StoreError: the model needs more context than the store holds, or the store's tables have changed since the
            clips were found.

    Attributes:
        cache: where cut clips are kept, if anywhere.
        landmarks: (N * T, 5, 2) float32 in pixels of the cut, in the order of `crops`, if the augmentation needs them.
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
        video, columns = table or store.crop_columns(clips.video_ids.to_list(), clip_columns(augment))
        self.crops = crops_of(clips, video, columns, store, spec)
        self.landmarks: Tensor | None = None
        if augment.needs_landmarks:
            side, box = self.crops.side.numpy(), self.crops.box.numpy()
            self.landmarks = cut_landmarks(columns, rows_of(clips, spec), side, box, spec)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, item: int | Draw) -> Batch:
        index = item.index if isinstance(item, Draw) else item
        video = self.clips.video[index]  # an index past the end raises IndexError, which ends an iteration
        clip, landmarks = self.kept(index)
        draw, label = torch.empty(0), self.clips.labels[video]
        if isinstance(item, Draw):
            generator = torch.Generator().manual_seed(item.seed)
            draw = torch.rand(self.augment.num_draws, generator=generator)
            with one_thread():  # as in a worker, so that a clip comes out the same where there is none
                clip = self.augment.in_worker(clip, Sample(draw, generator, landmarks, item.blend))
            label = torch.ones_like(label) if item.blend else label
        return Batch(
            clip=clip,
            draw=draw,
            label=label,
            video=video.long(),
            track=self.clips.track[index].long(),
            index=torch.tensor(index),
        )

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """T, 3, S, S; a clip takes one byte for each element."""
        return self.spec.clip_length, 3, self.spec.size, self.spec.size

    def digest(self) -> str:
        """Hash everything that decides the clips' pixels, in order: image contents, the cut, and library versions."""
        store = [self.store.root.parent.name, self.store.root.name, self.store.recipe]
        conditions = [asdict(self.spec), torch.__version__, torchvision.__version__]
        digest = hasher(json.dumps([store, conditions], sort_keys=True).encode())
        of_videos = (*self.clips.video_ids.tensors, self.clips.video)
        for tensor in (*of_videos, *vars(self.crops).values()):
            digest.update(tensor.numpy().data)
        return digest.hexdigest()

    def kept(self, index: int) -> tuple[Tensor, Tensor | None]:
        """Return a clip before augmentation, (T, 3, S, S) uint8, and its landmarks, (T, 5, 2), if they are held."""
        landmarks = None if self.landmarks is None else self.landmarks[self._rows(index)]
        return self._clip(index), landmarks

    def frame(self, index: int, place: int) -> tuple[np.ndarray, Tensor]:
        """Return one frame of a clip as the store has it, (H, W, 3) uint8 RGB, and after the cut, (3, S, S) uint8."""
        row = index * self.spec.clip_length + place
        images = self._images(index, slice(row, row + 1))
        return images[0], cut_window(images, self.crops.box[row : row + 1].numpy(), self.spec.size)[0]

    def _clip(self, index: int) -> Tensor:
        """Return a clip, (T, 3, S, S) uint8, from the cache if it is there."""
        if self.cache is None:
            return self._read(index)
        if (kept := self.cache.get(index)) is not None:
            return kept
        clip = self._read(index)
        self.cache.put(index, clip)
        return clip

    def _read(self, index: int) -> Tensor:
        """Return a clip, (T, 3, S, S) uint8, from the store."""
        rows = self._rows(index)
        return cut_window(self._images(index, rows), self.crops.box[rows].numpy(), self.spec.size)

    def _images(self, index: int, rows: slice) -> list[np.ndarray]:
        """Return the images of some rows of a clip as the store has them."""
        video_id = self.clips.video_ids[int(self.clips.video[index])]
        crops = self.crops
        place = (crops.offset[rows].numpy(), crops.length[rows].numpy(), crops.crc[rows].numpy())
        try:
            images = [decode(content) for content in self.store.read_images(video_id, *place)]
        except OSError as error:  # Pillow found no image in bytes with a correct checksum
            raise self._odd(video_id, str(error)) from error
        for image, side in zip(images, crops.side[rows].tolist(), strict=True):
            if image.shape != (side, side, 3):
                raise self._odd(video_id, f"its shape is {image.shape}, and its table says {(side, side, 3)}")
        return images

    def _rows(self, index: int) -> slice:
        """Return the places of a clip's frames in `crops`."""
        return slice(index * self.spec.clip_length, (index + 1) * self.spec.clip_length)

    def _odd(self, video_id: str, what: str) -> StoreError:
        return StoreError(
            f"{self.store.archive_path(video_id)} has a crop that is not what was stored ({what}): delete it and run "
            "scripts/extract.py, which extracts its video again"
        )


def clip_columns(augment: Augmentation) -> list[str]:
    """Return the columns of the table of crops that clips with an augmentation need."""
    return [*CLIP_COLUMNS, *(LANDMARKS if augment.needs_landmarks else ())]


def rows_of(clips: Clips, spec: ClipSpec) -> np.ndarray:
    """Return the rows of the table of crops that the frames of clips have, (N * T,)."""
    return (clips.row.numpy()[:, None] + np.arange(spec.clip_length) * spec.frame_stride).ravel()


def crops_of(
    clips: Clips, video: np.ndarray, columns: Mapping[str, np.ndarray], store: FaceStore, spec: ClipSpec
) -> Crops:
    """Look up what is needed to read and cut the clips.

    Args:
        clips: clips with the rows of their first crops.
        video: (N,) index in `clips.video_ids` of each crop's video.
        columns: `CLIP_COLUMNS`, each (N,).
        store: the store that holds the crops.
        spec: the spec of the clips.

    Raises:
        StoreError: the tables have changed since the clips were found.
    """
    first, num_rows = clips.row.numpy(), len(clips) * spec.clip_length
    if len(first) and (first[-1] >= len(video) or (video[first] != clips.video.numpy()).any()):
        raise StoreError(f"the tables of {store.root} were changed while they were read: give the same command again")
    rows = rows_of(clips, spec)
    box, side = np.empty((num_rows, 4), np.int16), np.empty(num_rows, np.int16)
    for chunk in (slice(i, i + CHUNK) for i in range(0, num_rows, CHUNK)):
        square, face = (np.stack([columns[name][rows[chunk]] for name in names], 1) for names in (SQUARE, FACE))
        side[chunk] = np.minimum(square[:, 2], store.recipe.get("max_crop_size", np.inf))
        box[chunk] = cut_boxes(square, face, side[chunk], spec.margin, spec.shape)
    offset, length, crc = (torch.from_numpy(columns[name][rows].astype(kind)) for name, kind in PLACE_TYPES.items())
    return Crops(torch.from_numpy(box), torch.from_numpy(side), offset, length, crc)
