"""The tables of a store agree with a plain dict through hundreds of operations, including damage."""

import os
import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.store import tables as tables_module
from tests.store.made import new


class Model:
    """A store with two handles, and what its tables should list."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.rng = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.stores = [new(root), new(root)]
        self.version = 0
        self.archives: dict[str, tuple[int, list[int]]] = {}  # video_id -> version, frames of its crops
        self.listed: dict[str, tuple[int, list[int]]] = {}  # what the tables should list
        self.ever: dict[str, list[tuple[int, list[int]]]] = defaultdict(list)  # every state the archives ever had
        self.hurt = False  # damaged since the tables were last built for all videos

    @property
    def store(self) -> FaceStore:
        return self.rng.choice(self.stores)

    def write(self) -> None:
        self.version += 1
        video_id = f"{self.rng.choice('abc')}/{self.rng.randrange(12):02d}"
        frames = sorted(self.rng.sample(range(50), self.rng.randrange(4)))
        values = self.numbers.uniform(0, 100, (len(frames), len(CROP_COLUMNS) - 3)).round(2)
        crops = pd.DataFrame(
            [[0, 0, frame, *row] for frame, row in zip(frames, values, strict=True)], columns=CROP_COLUMNS
        )
        status = Status.OK if frames else Status.NO_FACE
        store = self.store
        store.write(VideoRow(video_id, status, num_frames=self.version), crops, [b"image"] * len(frames))
        # A disk's clock may stand still between two of these writes, but not between two extractions.
        os.utime(store.archive_path(video_id), ns=(self.version, self.version))
        self.archives[video_id] = (self.version, frames)
        self.ever[video_id].append(self.archives[video_id])

    def build(self, *, everything: bool = False) -> None:
        ids = [video_id for video_id in self.archives if everything or self.rng.random() < 0.4]
        self.store.build_tables(ids)
        for video_id in ids:
            self.listed[video_id] = self.archives[video_id]
        if everything:
            self.hurt = False

    def reopen(self) -> None:
        self.stores[self.rng.randrange(2)] = new(self.root)

    def damage(self) -> None:
        files = sorted(path for path in (self.root / "tables").glob("*.parquet") if path.is_file())
        if not files:
            return
        path, self.hurt = self.rng.choice(files), True
        content = bytearray(path.read_bytes())
        match self.rng.randrange(5):
            case 0:
                path.unlink()
            case 1:
                path.write_bytes(b"")
            case 2:
                path.write_bytes(content[: self.rng.randrange(len(content))])
            case 3:
                path.unlink()
                path.mkdir()
            case 4 if content:
                for _ in range(30):
                    content[self.rng.randrange(len(content))] ^= self.rng.randrange(1, 256)
                path.write_bytes(content)

    def lose_manifest(self) -> None:
        path, self.hurt = self.root / "tables/manifest.json", True
        if path.exists():
            match self.rng.randrange(4):
                case 0:
                    path.unlink()
                case 1:
                    path.write_bytes(b"")
                case 2:
                    path.write_bytes(path.read_bytes()[: self.rng.randrange(path.stat().st_size)])
                case 3:
                    path.write_text('["something", "else"]')

    def lose_tables(self) -> None:
        shutil.rmtree(self.root / "tables", ignore_errors=True)
        self.hurt = True

    def check(self) -> None:
        """Whole tables list exactly what they should; every row of damaged tables was once true."""
        store = self.store
        while True:
            num_lost, crops, videos = store._tables.num_lost, store.crops(), store.videos()
            if store._tables.num_lost == num_lost:
                break
        in_tables = {
            video_id: (int(version), crops.loc[crops["video_id"] == video_id, "frame"].tolist())
            for video_id, version in videos["num_frames"].items()
        }
        assert list(in_tables) == sorted(in_tables)
        if not self.hurt:
            assert in_tables == self.listed
        for video_id, content in in_tables.items():
            assert content in self.ever[video_id]
        stale = [video_id for video_id in self.archives if in_tables.get(video_id) != self.archives[video_id]]
        assert store.lists(self.archives) == (not stale)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_them_the_tables_agree_with_the_archives(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "RETIRED_S", 0.05)
    model = Model(tmp_path, seed)
    operations: list[tuple[Callable[[], None], int]] = [
        (model.write, 10),
        (model.build, 6),
        (model.reopen, 2),
        (model.damage, 1),
        (model.lose_manifest, 1),
        (model.lose_tables, 1),
        (lambda: model.build(everything=True), 2),
    ]
    doings, weights = zip(*operations, strict=True)
    for _ in range(120):
        model.rng.choices(doings, weights)[0]()
        model.check()
    model.build(everything=True)
    for _ in range(2):
        model.check()
        model.reopen()
    assert model.listed.keys() == model.archives.keys()
