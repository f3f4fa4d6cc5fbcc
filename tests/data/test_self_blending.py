"""Training on reals alone: what an epoch draws, what val consists of, and what is refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from deepfake.data.augment import SbiAugmentation
from deepfake.data.augment.face_shape import FIVE
from deepfake.data.blended_val import WithBlends
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import Batch
from deepfake.data.sampler import SelfBlendingSampler
from deepfake.errors import CorpusError
from deepfake.schema import ClipSpec, Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.training.blends import blends, write_blends
from tests.data.conftest import video

SPEC = ClipSpec(1, 1, 1.0, 32, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
REALS = [video(f"r{i}", Label.REAL, Split.TRAIN) for i in range(3)] + [video("rv", Label.REAL, Split.VAL)]
FAKES = [video("f", Label.FAKE, Split.TRAIN), video("fv", Label.FAKE, Split.VAL)]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 1, "segment_length": 4, "margin": 1.0}
    store = FaceStore(tmp_path_factory.mktemp("faces"), {**recipe, "image_format": "png"}).open()
    marks = (FIVE * 12 + (20, 14)).ravel()
    generator = np.random.default_rng(0)
    for v in (*REALS, *FAKES):
        rows = [[0, 0, frame, 0, 0, 40, 20, 20, 40, 40, 1.0, *marks] for frame in range(4)]
        images = [store.encode(generator.integers(0, 256, (40, 40, 3), dtype=np.uint8)) for _ in rows]
        row = VideoRow(v.video_id, Status.OK, num_faces=1, main_share=1.0)
        store.write(row, pd.DataFrame(rows, columns=CROP_COLUMNS), images)
    store.build_tables(v.video_id for v in (*REALS, *FAKES))
    return store


def module(videos: Sequence[Video], store: FaceStore, **options: object) -> ClipDataModule:
    options = {"batch_size": 6, "num_workers": 0, "clips_per_video": 4, **options}
    return ClipDataModule(videos, store, SPEC, SbiAugmentation(), 7, **options)  # type: ignore[arg-type]


def test_an_epoch_is_of_reals_and_their_blends_in_turn(faces: FaceStore) -> None:
    data = module([*REALS, *FAKES], faces)
    loader = data.train_dataloader()
    batches = list(loader)
    assert sum(len(batch["label"]) for batch in batches) == 2 * 4 * 3
    for batch in batches:
        assert batch["label"].tolist() == [0, 1] * 3
        assert batch["index"][::2].tolist() == batch["index"][1::2].tolist()
        assert not torch.equal(batch["clip"][0], batch["clip"][1])
    drawn = np.concatenate([batch["video"].numpy() for batch in batches])
    ids = [data.datasets[Split.TRAIN].clips.video_ids[int(i)] for i in drawn]
    assert {name: ids.count(name) for name in {*ids}} == {"r0": 8, "r1": 8, "r2": 8}


def test_what_an_epoch_draws_follows_from_seed_and_epoch(faces: FaceStore) -> None:
    dataset = module(REALS, faces).datasets[Split.TRAIN]

    def draws(epoch: int, **world: int) -> list:
        sampler = SelfBlendingSampler(dataset, 16, seed=3, **world)
        sampler.set_epoch(epoch)
        assert len(sampler) == len(list(sampler))
        return list(sampler)

    assert draws(1) == draws(1) != draws(2)
    parts = [draws(1, num_replicas=2, rank=rank) for rank in (0, 1)]
    assert all([draw.blend for draw in part] == [False, True] * 4 for part in parts)
    assert {(draw.index, draw.seed) for part in parts for draw in part} == {(d.index, d.seed) for d in draws(1)}
    for draw in draws(4):
        assert torch.equal(dataset[draw]["clip"], dataset[draw]["clip"])


def test_workers_make_the_same_clips(faces: FaceStore) -> None:
    here, there = (list(module(REALS, faces, num_workers=n).train_dataloader()) for n in (0, 2))
    assert all(torch.equal(a["clip"], b["clip"]) for a, b in zip(here, there, strict=True))


def test_val_has_its_own_fakes_where_there_are_some(faces: FaceStore) -> None:
    dataset = module([*REALS, *FAKES], faces).val_dataloader().dataset
    assert not isinstance(dataset, WithBlends) and len(dataset) == 8


def test_val_of_reals_alone_is_blended_the_same_way_every_time(faces: FaceStore) -> None:
    data = module(REALS, faces)
    data.require(Split.TRAIN, Split.VAL)
    dataset = data.val_dataloader().dataset
    assert isinstance(dataset, WithBlends) and len(dataset) == 8
    first, again = list(data.val_dataloader()), list(module(REALS, faces).val_dataloader())
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one["clip"], other["clip"])
    labels, videos, index = (torch.cat([batch[key] for batch in first]) for key in ("label", "video", "index"))
    assert labels.tolist() == [0, 1] * 4 and videos.tolist() == [0, 1] * 4 and index.tolist() == [*range(8)]
    plain = data.datasets[Split.VAL]
    assert torch.equal(dataset[0]["clip"], plain[0]["clip"]) and not torch.equal(dataset[1]["clip"], plain[0]["clip"])


def equal(ours: list[Batch], theirs: list[Batch]) -> bool:
    assert len(ours) == len(theirs) > 1
    pairs = zip(ours, theirs, strict=True)
    return all(a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a) for a, b in pairs)  # type: ignore[literal-required]


def test_val_of_blends_is_the_same_from_two_workers(faces: FaceStore) -> None:
    here, there = (list(module(REALS, faces, num_workers=n, batch_size=3).val_dataloader()) for n in (0, 2))
    assert equal(there, here)


@pytest.mark.parametrize(("kind", "workers"), [("ram", 2), ("disk", 0)])
def test_a_cache_changes_no_bit_of_blends_and_serves_val_too(
    kind: str, workers: int, faces: FaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def epochs(data: ClipDataModule) -> list[Batch]:
        train, val, batches = data.train_dataloader(), data.val_dataloader(), []
        for epoch in (0, 1):
            train.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
            batches += [*train, *val]
        return batches

    cached = module(REALS, faces, num_workers=workers, cache=kind)
    cached.setup("fit")
    assert equal(epochs(cached), epochs(module(REALS, faces)))
    val = cached.datasets[Split.VAL]
    assert val.cache is not None and val.cache.done.array.all()
    first = list(cached.val_dataloader())
    monkeypatch.setattr(val, "_read", None)  # the store is not asked again, neither for a real nor for its blend
    blended = WithBlends(val)
    assert torch.equal(torch.stack([blended[item]["clip"] for item in range(6)]), first[0]["clip"])


def test_no_reals_are_refused(faces: FaceStore) -> None:
    with pytest.raises(CorpusError, match="the train split has no real video"):
        module(FAKES, faces).require(Split.TRAIN)


def test_the_picture_shows_eight_pairs_of_the_first_epoch(faces: FaceStore, tmp_path: Path) -> None:
    data = module(REALS, faces)
    columns = blends(data, 8)
    assert len(columns) == 8 and all(tile.shape == (32, 32, 3) for column in columns for tile in column)
    drawn = torch.cat([batch["clip"][:, 0] for batch in data.train_dataloader()])[:16].permute(0, 2, 3, 1).numpy()
    for i, (real, _, fake) in enumerate(columns):
        assert np.array_equal(drawn[2 * i], real) and np.array_equal(drawn[2 * i + 1], fake)
    for real, mask, fake in columns:
        assert mask.max() > 40 and not np.array_equal(real, fake)
    write_blends(data, tmp_path / "sbi.png")
    assert (tmp_path / "sbi.png").stat().st_size > 1000
