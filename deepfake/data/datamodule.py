"""Train, val and test clips of a corpus's videos whose faces are in a store."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import pandas as pd
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from deepfake.data.augment import Augmentation, NoAugmentation
from deepfake.data.clips import clip_table
from deepfake.data.dataset import Batch, ClipDataset
from deepfake.data.sampler import BalancedSampler
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import ClipSpec, Label, Split, Status, Video
from deepfake.store import FaceStore

MainFace = Literal["largest", "changed"]


class ClipDataModule(pl.LightningDataModule):
    """Loaders of clips, one batch shape (B, T, 3, S, S).

    Args:
        videos: with label and split; those without a split are left out.
        store: their faces.
        spec: what the model wants to see.
        augment: of training clips.
        seed: of the run; decides what each epoch draws.
        batch_size: clips.
        num_workers: processes that load.
        clips_per_video: an epoch trains on this many clips for each training video.
        eval_clips_per_video: val and test score at most this many clips of a track, evenly spread; null scores all.
        main_track: train and test on each video's main face only.
        main_face: which that is: `changed`, the one that differs most from the real where that is known, or `largest`.
            With `largest` val and test take the largest, as a detector in use has no real to compare with; training
            takes the changed one even so, since the other face of a fake is real, and would be taught as fake.

    Raises:
        ConfigError: a clip is longer than a stored segment.
        StoreError: the store lacks a video, or holds less context than the model wants.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        store: FaceStore,
        spec: ClipSpec,
        augment: Augmentation,
        seed: int,
        *,
        batch_size: int = 32,
        num_workers: int = 2,
        clips_per_video: int = 8,
        eval_clips_per_video: int | None = None,
        main_track: bool = True,
        main_face: MainFace = "largest",
    ) -> None:
        super().__init__()
        reach = (spec.clip_length - 1) * spec.frame_stride + 1
        if reach > store.recipe["segment_length"]:
            raise ConfigError(
                f"a clip spans {reach} frames and a stored segment {store.recipe['segment_length']}: use "
                f"faces.segment_length={reach}, or a smaller representation.clip_length or frame_stride"
            )
        self.store = store
        self.spec = spec
        self.seed = seed
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.clips_per_video = clips_per_video
        self.videos = video_table(videos, store)
        self.datasets = {
            split: self._dataset(
                split,
                augment if split == Split.TRAIN else NoAugmentation(),
                main_track,
                changed_tracks(self.videos) if split == Split.TRAIN or main_face == "changed" else {},
                None if split == Split.TRAIN else eval_clips_per_video,
            )
            for split in Split
        }

    def _dataset(
        self, split: Split, augment: Augmentation, main_track: bool, main_of: Mapping[str, int], at_most: int | None
    ) -> ClipDataset:
        of_split = self.videos[self.videos["split"] == split]
        crops = self.store.crops()
        crops = crops[crops["video_id"].isin(of_split.index)]
        clips = clip_table(crops, self.spec, main_track=main_track, main_of=main_of, at_most=at_most)
        return ClipDataset(clips.join(of_split[["label", "method"]], on="video_id"), self.store, self.spec, augment)

    def require(self, *splits: Split) -> None:
        """Both classes are needed to train, and to choose the best epoch.

        Raises:
            CorpusError: a split has no clip of a class.
        """
        for split in splits:
            counts = self.datasets[split].clips["label"].value_counts()
            for label in Label:
                if counts.get(int(label), 0) == 0:
                    raise CorpusError(
                        f"the {split} split has no {label.name.lower()} video with a clip of {self.spec.clip_length} "
                        f"frames ({self.coverage(split)}): check data.root and the table {self.store.root}/videos.csv"
                    )

    def coverage(self, split: Split) -> dict[str, int]:
        """How many videos the split has, by status, and how many of them are `scored` (have a clip) and `main_whole`.

        The main track is whole where its face is found in every segment that could be decoded.
        """
        of_split = self.videos[self.videos["split"] == split]
        counts = {str(status): int((of_split["status"] == status).sum()) for status in Status}
        scored = of_split.index.isin(self.datasets[split].clips["video_id"])
        whole = int((scored & (of_split["main_share"] == 1)).sum())
        return {"videos": len(of_split), "scored": int(scored.sum()), "main_whole": whole, **counts}

    def train_dataloader(self) -> DataLoader[Batch]:
        dataset = self.datasets[Split.TRAIN]
        num_clips = self.clips_per_video * dataset.clips["video_id"].nunique()
        world, rank = (self.trainer.world_size, self.trainer.global_rank) if self.trainer else (1, 0)
        return self._loader(dataset, BalancedSampler(dataset, num_clips, self.seed, num_replicas=world, rank=rank))

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.datasets[Split.VAL])

    def test_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.datasets[Split.TEST])

    def _loader(self, dataset: ClipDataset, sampler: BalancedSampler | None = None) -> DataLoader[Batch]:
        return clip_loader(dataset, self.batch_size, self.num_workers, sampler)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        return as_float(batch)


def clip_loader(
    dataset: ClipDataset, batch_size: int, num_workers: int, sampler: BalancedSampler | None = None
) -> DataLoader[Batch]:
    """Batches in the order of the table, or of the sampler."""
    return DataLoader(
        dataset,
        batch_size,
        sampler=sampler,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        # Of its own: a loader draws a number when an epoch begins, and from the global generator that would shift the
        # dropout of a resumed run, whose loader begins at another moment.
        generator=torch.Generator(),
    )


def as_float(batch: Batch) -> Batch:
    """uint8 travels to the device at a quarter of the bytes and becomes float in [0, 1] there."""
    return cast(Batch, {**batch, "clip": batch["clip"].float() / 255})


def video_table(videos: Sequence[Video], store: FaceStore) -> pd.DataFrame:
    """The videos that have a split, with what became of them.

    Returns:
        index `video_id`; `label`, `method`, `split`, and the store's columns.

    Raises:
        StoreError: the store lacks one of them.
    """
    known = pd.DataFrame(
        [(v.video_id, int(v.label), v.method, str(v.split)) for v in videos if v.split is not None],
        columns=["video_id", "label", "method", "split"],
    ).set_index("video_id")
    return known.join(store.rows(known.index), how="left")


def changed_tracks(videos: pd.DataFrame) -> dict[str, int]:
    """video_id -> the track that differs most from the real, of the videos where that is known.

    Args:
        videos: as `video_table` gives them.
    """
    return {str(video_id): int(track) for video_id, track in videos["changed_track"].items() if track >= 0}
