"""Clips from the store, and those that an epoch draws."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import default_collate

from deepfake.data.augment import Augmentation, BasicAugmentation, NoAugmentation, SbiAugmentation
from deepfake.data.datamodule import ClipDataModule, MainFace
from deepfake.data.dataset import Batch, ClipDataset, Draw
from deepfake.data.sampler import BalancedSampler
from deepfake.errors import ConfigError, CorpusError, StoreError
from deepfake.schema import Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from tests.data.conftest import SPEC, video


def collate(dataset: ClipDataset, item: int | Draw) -> Batch:
    """Return a batch of one clip."""
    return default_collate([dataset[item]])


def module(videos: list[Video], store: FaceStore, **options: object) -> ClipDataModule:
    augment = options.pop("augment", NoAugmentation())
    assert isinstance(augment, Augmentation)
    spec = options.pop("spec", SPEC)
    options = {"batch_size": 4, "num_workers": 0, **options}
    return ClipDataModule(videos, store, spec, augment, 0, **options)  # type: ignore[arg-type]


def test_a_batch_has_one_shape_whatever_the_clip_length(videos: list[Video], store: FaceStore) -> None:
    for length in (1, 4):
        data = module(videos, store, spec=replace(SPEC, clip_length=length))
        batch = next(iter(data.train_dataloader()))
        assert batch["clip"].shape == (4, length, 3, 8, 8)
        assert batch["clip"].dtype == torch.uint8
        on_device = data.on_after_batch_transfer(batch, 0)
        assert on_device["clip"].dtype == torch.float and on_device["clip"].min() >= 0 and on_device["clip"].max() <= 1


def test_a_window_holds_consecutive_frames_in_order(videos: list[Video], store: FaceStore) -> None:
    dataset = module(videos, store, spec=replace(SPEC, clip_length=3, frame_stride=2)).datasets[Split.TEST]
    sample = dataset[0]
    start = dataset.clips.start[0].item()
    assert sample["clip"][:, 0, 0, 0].tolist() == [10 * (start + i * 2) for i in range(3)]


def test_an_epoch_has_as_many_reals_as_fakes_and_every_video(videos: list[Video], store: FaceStore) -> None:
    dataset = module(videos, store).datasets[Split.TRAIN]
    draws = list(BalancedSampler(dataset, 56, seed=0))
    drawn = dataset.clips.frame(np.array([draw.index for draw in draws]))
    assert drawn["label"].value_counts().to_dict() == {0: 28, 1: 28}
    fakes = drawn.loc[drawn["label"] == 1, "video_id"].value_counts()
    assert len(fakes) == 6 and fakes.min() >= 4 and fakes.max() <= 5
    assert drawn.loc[drawn["label"] == 0, "start"].nunique() == 8


def test_seed_and_epoch_decide_an_epoch(videos: list[Video], store: FaceStore) -> None:
    dataset = module(videos, store).datasets[Split.TRAIN]

    def epoch(seed: int, number: int) -> list[Draw]:
        sampler = BalancedSampler(dataset, 20, seed=seed)
        sampler.set_epoch(number)
        return list(sampler)

    assert epoch(0, 3) == epoch(0, 3)
    assert epoch(0, 3) != epoch(0, 4) != epoch(1, 4)


def test_processes_share_an_epoch_without_overlap(videos: list[Video], store: FaceStore) -> None:
    dataset = module(videos, store).datasets[Split.TRAIN]
    whole = list(BalancedSampler(dataset, 20, seed=0))
    parts = [list(BalancedSampler(dataset, 20, seed=0, num_replicas=2, rank=rank)) for rank in (0, 1)]
    assert [draw for pair in zip(*parts, strict=True) for draw in pair] == whole


def test_only_training_clips_are_augmented(videos: list[Video], store: FaceStore) -> None:
    augment = BasicAugmentation(colour=0.5, jpeg=1.0)
    data, plain = module(videos, store, augment=augment), module(videos, store)
    assert not torch.equal(
        data.on_after_batch_transfer(collate(data.datasets[Split.TRAIN], Draw(5, 1)), 0)["clip"],
        plain.on_after_batch_transfer(collate(plain.datasets[Split.TRAIN], Draw(5, 1)), 0)["clip"],
    )
    for split in (Split.VAL, Split.TEST):
        for index in range(len(data.datasets[split])):
            ours, theirs = (d.on_after_batch_transfer(collate(d.datasets[split], index), 0) for d in (data, plain))
            assert ours["draw"].shape == (1, 0)
            assert torch.equal(ours["clip"], theirs["clip"])
            assert torch.equal(ours["clip"], data.datasets[split][index]["clip"][None].float() / 255)


def test_splits_share_no_video_and_a_dropped_one_is_in_none(videos: list[Video], store: FaceStore) -> None:
    data = module(videos, store)
    of_split = {split: set(data.datasets[split].clips.frame()["video_id"]) for split in Split}
    assert of_split == {
        Split.TRAIN: {"r0", *(f"f{i}" for i in range(6))},
        Split.VAL: {"rv", "fv"},
        Split.TEST: {"rt", "ft"},
    }


def test_a_video_without_a_face_counts_in_the_coverage(videos: list[Video], store: FaceStore) -> None:
    expected = {"videos": 8, "scored": 7, "ok": 7, "no_face": 1, "unreadable": 0, "too_short": 0, "failed": 0}
    expected |= {"scored_real": 1, "scored_fake": 6}
    assert module(videos, store).coverage(Split.TRAIN) == {**expected, "main_whole": 6}


def test_the_track_that_is_scored_is_the_one_that_is_whole_or_not(tmp_path: Path) -> None:
    """In v0 the largest face is in all three segments and the changed one in two; in v1 it is the reverse."""
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 3, "segment_length": 2, "margin": 1.3}
    store = FaceStore(tmp_path, {**recipe, "image_format": "png"}).open()
    videos = [video(f"v{i}", Label.FAKE, Split.TEST) for i in range(3)]
    where = [((0, 1, 2), (0, 2)), ((0, 1), (0, 1, 2)), ((0, 1),)]  # v2: one face and a lost segment
    for v, tracks in zip(videos, where, strict=True):
        rows = [
            [k, segment, frame, 0, 0, 13, 6.5, 6.5, 10, 10, 1.0, *[0.0] * 10]
            for k, segments in enumerate(tracks)
            for segment in segments
            for frame in (10 * segment, 10 * segment + 1)
        ]
        known: dict[str, Any] = {"num_faces": len(tracks), "changed_track": len(tracks) - 1}
        known["main_share"] = len(tracks[0]) / 3
        images = [store.encode(np.zeros((13, 13, 3), np.uint8))] * len(rows)
        store.write(VideoRow(v.video_id, Status.OK, **known), pd.DataFrame(rows, columns=CROP_COLUMNS), images)
    store.build_tables(v.video_id for v in videos)
    counts = {
        main_face: module(videos, store, main_face=main_face).coverage(Split.TEST) for main_face in get_args(MainFace)
    }
    assert {name: count["scored"] for name, count in counts.items()} == {"largest": 3, "changed": 3}
    assert {name: count["main_whole"] for name, count in counts.items()} == {"largest": 1, "changed": 1}
    wholes = {
        main_face: module(videos[:2], store, main_face=main_face).coverage(Split.TEST, np.array([0]))["main_whole"]
        for main_face in get_args(MainFace)
    }
    assert wholes == {"largest": 1, "changed": 0}


@pytest.mark.parametrize("main_face", ["largest", "changed"])
def test_fakes_are_tested_on_the_largest_face_and_trained_on_the_changed_one(
    main_face: MainFace, videos: list[Video], store: FaceStore
) -> None:
    data = module(videos, store, main_face=main_face)
    tables = {split: data.datasets[split].clips.frame() for split in Split}
    tracks = {split: table.groupby("video_id")["track"].first().to_dict() for split, table in tables.items()}
    assert tracks[Split.TRAIN]["f0"] == 1 and tracks[Split.TRAIN]["f1"] == tracks[Split.TRAIN]["r0"] == 0
    assert tracks[Split.TEST] == {"rt": 0, "ft": {"largest": 0, "changed": 1}[main_face]}


def test_a_split_without_a_class_is_refused(videos: list[Video], store: FaceStore) -> None:
    data = module([v for v in videos if v.video_id != "rv"], store)
    data.require(Split.TRAIN)
    with pytest.raises(CorpusError, match="val split has no real video"):
        data.require(Split.VAL)


def test_a_model_that_wants_more_context_than_is_stored_is_refused(videos: list[Video], store: FaceStore) -> None:
    with pytest.raises(StoreError, match=r"margin of 2\.0"):
        module(videos, store, spec=replace(SPEC, margin=2.0))


def test_a_video_that_the_store_lacks_is_named(videos: list[Video], store: FaceStore) -> None:
    extra = replace(videos[0], video_id="new", label=Label.FAKE)
    with pytest.raises(StoreError, match="new"):
        module([*videos, extra], store)


@pytest.mark.parametrize("damage", ["flipped byte", "no image", "another size"])
def test_a_crop_that_is_damaged_is_named_with_its_archive_and_the_cure(
    damage: str, videos: list[Video], store: FaceStore, tmp_path: Path
) -> None:
    shutil.copytree(store.root, tmp_path / "copy")
    store = FaceStore(tmp_path / "copy", store.recipe)
    path = store.archive_path("ft")
    if damage != "flipped byte":  # the archive is whole, but its images differ from its table
        kept = store.stored("ft")
        assert kept is not None
        image = b"text" if damage == "no image" else store.encode(np.zeros((12, 12, 3), np.uint8))
        store.write(kept.row, kept.crops[CROP_COLUMNS], [image] * len(kept.crops))
        store.build_tables(["ft"])
    dataset = module(videos, store).datasets[Split.TEST]
    index = int((dataset.clips.video == dataset.clips.video_ids.to_list().index("ft")).nonzero()[0])
    cure = "delete it and run scripts/extract.py"
    if damage == "flipped byte":
        content = bytearray(path.read_bytes())
        content[int(dataset.crops.offset[index])] ^= 1
        path.write_bytes(content)
        cure = "it was removed: give the same command again"
    with pytest.raises(StoreError, match=f"{path} .*{cure}"):
        dataset[index]
    assert path.exists() == (damage != "flipped byte")


def test_evaluation_scores_evenly_spread_clips(videos: list[Video], store: FaceStore) -> None:
    data = module(videos, store, eval_clips_per_track=2)
    assert data.datasets[Split.TEST].clips.start.tolist() == [2, 6, 2, 6]
    assert len(data.datasets[Split.TRAIN]) == 7 * 8


def test_a_batch_of_pairs_has_each_fake_beside_its_real(videos: list[Video], store: FaceStore) -> None:
    known = [replace(v, real_id="r0") if v.video_id in ("f1", "f2") else v for v in videos]
    data = module(known, store, balance="paired")
    clips = data.datasets[Split.TRAIN].clips
    for batch in data.train_dataloader():
        assert batch["label"].tolist() == [0, 1, 0, 1]
        table = clips.frame(batch["index"].numpy())
        assert table["video_id"][::2].eq("r0").all() and table["video_id"][1::2].isin(["f1", "f2"]).all()
        assert (table["start"][::2].to_numpy() == table["start"][1::2].to_numpy()).all()


def test_a_balance_that_would_not_hold_is_refused(videos: list[Video], store: FaceStore) -> None:
    with pytest.raises(ConfigError, match=r"loader.batch_size=3 would divide pairs .* use 4"):
        module(videos, store, balance="paired", batch_size=3)
    with pytest.raises(ConfigError, match=r"sampling.balance=natural has no effect with augment=sbi"):
        module(videos, store, balance="natural", augment=SbiAugmentation())
