"""Train, val and test clips of the videos of a corpus whose faces are in a store."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytorch_lightning as pl
from torch.utils.data import DataLoader, DistributedSampler

from deepfake.data.augment import Augmentation, NoAugmentation, as_float
from deepfake.data.blended_val import WithBlends
from deepfake.data.caching import CacheKind, check_cache_options, give_caches
from deepfake.data.clips import find_clips, whole_tracks
from deepfake.data.dataset import Batch, ClipDataset, Draw, clip_columns
from deepfake.data.loader import clip_loader, log_workers
from deepfake.data.machine import this_machine
from deepfake.data.sampler import Balance, SameDraws
from deepfake.data.training_sampler import require_balance, training_sampler
from deepfake.errors import ConfigError, CorpusError
from deepfake.options import typed, types_of
from deepfake.ranges import Count, PathName, Seed, Workers
from deepfake.schema import ClipSpec, Label, MainFace, Split, Status, Video
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


class ClipDataModule(pl.LightningDataModule):
    """Loaders of clips, all with batch shape (B, T, 3, S, S).

    Args:
        videos: videos with labels and splits; those without a split are ignored.
        store: their faces.
        spec: the input that the model expects.
        augment: augmentation of training clips. One that makes fakes trains on reals alone, and where val has no fakes
            it makes those of val as well.
        seed: the run's seed, which determines what each epoch draws.
        batch_size: number of clips in a batch.
        num_workers: loader processes; None starts as many as this machine has cores and memory for.
        cache: keep decoded cuts of train and val in `ram` or on `disk`; None keeps none.
        cache_dir: folder for cuts on disk that later runs can use; with None they are gone after the run.
        clips_per_video: number of clips in an epoch for each training video.
        balance: which clips an epoch draws: of both classes alike, also of each method alike, of all videos alike
            (`natural`), or `paired`, each fake beside the same frames of its real.
        eval_clips_per_track: val and test score at most this many clips of a track, evenly spread; None scores all.
        main_track: whether to train and test on each video's main face only.
        main_face: which face that is: `changed`, the one that differs most from the real video if that is known, or
            `largest`. With `largest`, val and test use the largest face, since a detector in use has no real video to
            compare with. Training uses the changed face in either case, since the other face of a fake is real and
            would be labelled fake.

    Raises:
        ConfigError: a clip is longer than a stored segment, or an option of the loader or sampling is invalid.
        StoreError: the store lacks a video, or holds less context than the model needs.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        store: FaceStore,
        spec: ClipSpec,
        augment: Augmentation,
        seed: Seed,
        *,
        batch_size: Count = 32,
        num_workers: Workers | None = None,
        cache: CacheKind | None = None,
        cache_dir: PathName | None = None,
        clips_per_video: Count = 8,
        balance: Balance = "class",
        eval_clips_per_track: Count | None = None,
        main_track: bool = True,
        main_face: MainFace = "largest",
    ) -> None:
        super().__init__()
        loading = {"batch_size": batch_size, "num_workers": num_workers, "cache": cache, "cache_dir": cache_dir}
        typed("loader", loading, types_of(ClipDataModule))
        sampling = {
            "clips_per_video": clips_per_video,
            "balance": balance,
            "eval_clips_per_track": eval_clips_per_track,
        }
        typed("sampling", sampling, types_of(ClipDataModule))
        if spec.span > store.recipe["segment_length"]:
            raise ConfigError(
                f"a clip spans {spec.span} frames, but a stored segment has {store.recipe['segment_length']}: use "
                f"faces.segment_length={spec.span}, or a smaller representation.clip_length or frame_stride"
            )
        check_cache_options(cache, cache_dir)
        require_balance(balance, augment, batch_size)
        self.cache = cache
        self.cache_dir = None if cache_dir is None else Path(cache_dir)
        self.augment = augment
        self.store = store
        self.spec = spec
        self.seed = seed
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.clips_per_video = clips_per_video
        self.balance = balance
        self.videos = video_table(videos, store)
        changed = self.videos["changed_track"].clip(lower=0)
        largest = pd.Series(0, self.videos.index)
        of_training, of_others = changed, changed if main_face == "changed" else largest
        self._whole: dict[Split, np.ndarray] = {}
        by_split = {split: self.videos.index[self.videos["split"] == split].to_list() for split in Split}
        # The tables are read once for all splits, whose crops are then consecutive rows, so nothing is copied.
        ids_of_all = [video_id for ids in by_split.values() for video_id in ids]
        video, columns = store.crop_columns(ids_of_all, clip_columns(augment))
        self.datasets = {}
        first = 0
        for split, video_ids in by_split.items():
            rows = slice(*np.searchsorted(video, [first, first + len(video_ids)]))
            table = video[rows] - np.int32(first), {name: column[rows] for name, column in columns.items()}
            main = of_training if split == Split.TRAIN else of_others
            self.datasets[split] = self._dataset(
                video_ids,
                table,
                self._augmentation(split),
                main if main_track else None,
                None if split == Split.TRAIN else eval_clips_per_track,
            )
            track = main[video_ids].to_numpy(np.int64)
            self._whole[split] = whole_tracks(*table, track, self.videos.loc[video_ids, "main_share"].to_numpy())
            first += len(video_ids)

    def _augmentation(self, split: Split) -> Augmentation:
        if split == Split.TRAIN:
            return self.augment
        videos = self.videos[self.videos["split"] == split]
        has_fakes = split != Split.VAL or (videos["label"] == Label.FAKE).any()
        if has_fakes or not self.augment.makes_fakes:
            return NoAugmentation()
        log.info("val has no fakes: each real is scored beside a blend of itself, the same one in every epoch")
        return self.augment.validating()

    def _dataset(
        self,
        video_ids: Sequence[str],
        table: tuple[np.ndarray, dict[str, np.ndarray]],
        augment: Augmentation,
        main_tracks: pd.Series | None,
        at_most: int | None,
    ) -> ClipDataset:
        rows = self.videos.loc[video_ids]
        clips = find_clips(
            *table,
            self.spec,
            video_ids=video_ids,
            labels=rows["label"].to_numpy(),
            methods=rows["method"].to_list(),
            only_track=None if main_tracks is None else main_tracks[video_ids].to_numpy(),
            at_most=at_most,
        )
        return ClipDataset(clips, self.store, self.spec, augment, table)

    def require(self, *splits: Split) -> None:
        """Stop unless these splits have clips of both classes, which training and choosing the best epoch need.

        Reals are enough where the augmentation makes fakes of them.

        Raises:
            CorpusError: a split has no clip of a class.
        """
        for split in splits:
            clips = self.datasets[split].clips
            labels = clips.labels.numpy()[clips.counts() > 0]
            for label in [Label.REAL] if self.datasets[split].augment.makes_fakes else Label:
                if label not in labels:
                    raise CorpusError(
                        f"the {split} split has no {label.name.lower()} video with a clip of {self.spec.clip_length} "
                        f"frames ({self.coverage(split)}): check data.root and the table {self.store.root}/videos.csv"
                    )

    def coverage(self, split: Split, videos: np.ndarray | None = None) -> dict[str, int]:
        """Count the split's videos by status, and how many of them are `scored`, by label and `main_whole`.

        A main track (the one that is used) is whole if its face is found in every segment that was requested; a segment
        that cannot be decoded counts as one without it.

        Args:
            split: the split to count.
            videos: the scored videos, by their index in the split; None counts all that have a clip.
        """
        of_split = self.videos[self.videos["split"] == split]
        counts = {str(status): int((of_split["status"] == status).sum()) for status in Status}
        scored = self.datasets[split].clips.counts() > 0  # in the same order as the table
        if videos is not None:
            scored = scored & np.isin(np.arange(len(scored)), videos)
        whole = int((scored & self._whole[split]).sum())
        labels = self.datasets[split].clips.labels.numpy()[scored]
        classes = {f"scored_{label.name.lower()}": int((labels == label).sum()) for label in Label}
        return {"videos": len(of_split), "scored": int(scored.sum()), "main_whole": whole, **classes, **counts}

    def setup(self, stage: str) -> None:
        if self.cache is not None and stage == "fit":  # a test reads each clip only once
            cached = {str(split): self.datasets[split] for split in (Split.TRAIN, Split.VAL)}
            give_caches(cached, self.cache, self.cache_dir, processes=self._processes())

    def teardown(self, stage: str) -> None:
        if stage == "fit":
            self._drop_caches()

    def on_exception(self, exception: BaseException) -> None:
        self._drop_caches()

    def _drop_caches(self) -> None:
        for dataset in self.datasets.values():
            dataset.cache = None

    def train_dataloader(self) -> DataLoader[Batch]:
        dataset, sampler = self.datasets[Split.TRAIN], self.train_sampler()
        overfits = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        loader = self._loader(dataset, SameDraws(sampler) if overfits else sampler)
        log_workers(loader, self.num_workers, this_machine(self._processes()))
        return loader

    def train_sampler(self) -> DistributedSampler[Draw]:
        """Return what draws the clips of an epoch."""
        world, rank = (self.trainer.world_size, self.trainer.global_rank) if self.trainer else (1, 0)
        drawn = self.datasets[Split.TRAIN], self.videos, self.balance, self.clips_per_video, self.seed
        return training_sampler(*drawn, num_replicas=world, rank=rank)

    def val_dataloader(self) -> DataLoader[Batch]:
        dataset = self.datasets[Split.VAL]
        return self._loader(WithBlends(dataset) if dataset.augment.makes_fakes else dataset)

    def test_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.datasets[Split.TEST])

    def _loader(
        self,
        dataset: ClipDataset | WithBlends,
        sampler: DistributedSampler[Draw] | SameDraws | None = None,
    ) -> DataLoader[Batch]:
        on_cuda = self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"
        machine = this_machine(self._processes())
        return clip_loader(dataset, self.batch_size, self.num_workers, sampler, pin_memory=on_cuda, machine=machine)

    def _processes(self) -> int:
        """Return the number of processes of this training on this machine."""
        return self.trainer.num_devices if self.trainer else 1

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        augmented = batch["draw"].shape[1] > 0  # only in training
        clip = self.augment.on_device(batch["clip"], batch["draw"]) if augmented else as_float(batch["clip"])
        return cast(Batch, {**batch, "clip": clip})


def video_table(videos: Sequence[Video], store: FaceStore) -> pd.DataFrame:
    """Return a table of the videos that have a split, with the outcome of their extraction.

    Returns:
        Index `video_id`, sorted; `label`, `method`, `split`, `real_id`, and the store's columns.

    Raises:
        StoreError: the store lacks one of them.
    """
    known = pd.DataFrame(
        [(v.video_id, int(v.label), v.method, str(v.split), v.real_id) for v in videos if v.split is not None],
        columns=["video_id", "label", "method", "split", "real_id"],
    ).set_index("video_id")
    return known.join(store.rows(known.index), how="left").sort_index()
