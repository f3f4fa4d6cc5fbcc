"""The tables of a store, held against a plain dict through thousands of operations, damage among them."""

import os
import random
import shutil
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, PLACE, FaceStore
from deepfake.store import tables as tables_module
from tests.store.made import all_faces, complete, corpus, new, require_truth

opened: list[str] = []
watching = threading.Event()


def _note(event: str, arguments: tuple) -> None:
    if event == "open" and watching.is_set() and isinstance(arguments[0], str | bytes | os.PathLike):
        opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """The files that Python opens meanwhile."""
    opened.clear()
    watching.set()
    try:
        yield opened
    finally:
        watching.clear()


class Model:
    """A store with two handles, and what the tables are to say of it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.rng = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.stores = [new(root), new(root)]
        self.version = 0
        self.archives: dict[str, tuple[int, list[int]]] = {}  # video_id -> version, frames of its crops
        self.listed: dict[str, tuple[int, list[int]]] = {}  # what the tables are to say
        self.ever: dict[str, list[tuple[int, list[int]]]] = defaultdict(list)  # all that archives ever said
        self.hurt = False  # since they were built last for all videos

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
        # The clock of a disk may stand still between two of these writes; between two extractions it does not.
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
        """Whole tables say just what they are to say; of damaged ones, what is there was once true."""
        store = self.store
        while True:
            num_lost, crops, videos = store._tables.num_lost, store.crops(), store.videos()
            if store._tables.num_lost == num_lost:
                break
        said = {
            video_id: (int(version), crops.loc[crops["video_id"] == video_id, "frame"].tolist())
            for video_id, version in videos["num_frames"].items()
        }
        assert list(said) == sorted(said)
        if not self.hurt:
            assert said == self.listed
        for video_id, content in said.items():
            assert content in self.ever[video_id]
        stale = [video_id for video_id in self.archives if said.get(video_id) != self.archives[video_id]]
        assert store.lists(self.archives) == (not stale)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_them_the_tables_say_what_the_archives_said(
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


def test_parts_that_are_appended_one_by_one_are_compacted(tmp_path: Path) -> None:
    names = [f"{number:03d}" for number in range(60)]
    paths, store = corpus(tmp_path / "corpus", *names), new(tmp_path / "store")
    for number, name in enumerate(names, 1):
        complete(store, {name: paths[name]})
        parts, _ = store._tables._manifest()
        assert sum(part.num_videos for part in parts) == number
        assert len(parts) <= 1 + np.log2(number)
    require_truth(new(tmp_path / "store"), paths)


def test_files_of_parts_that_were_replaced_go_away_and_not_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, store = corpus(tmp_path / "corpus", *"abcdef"), new(tmp_path / "store")
    complete(store, {"a": paths["a"]})
    old = list((tmp_path / "store/tables").glob("*.parquet"))
    reader = new(tmp_path / "store")
    complete(store, {"a": paths["a"], "b": paths["b"]})
    assert all(path.exists() for path in old) and list(reader.videos().index) == ["a", "b"]
    (tmp_path / "store/tables" / f"{'0' * 32}.crops.parquet").write_text("left by a run that was killed")
    monkeypatch.setattr(tables_module, "RETIRED_S", -1)
    complete(store, paths)
    (part,) = store._tables._manifest()[0]
    files = {path.name.partition(".")[0] for path in (tmp_path / "store/tables").glob("*.parquet")}
    assert files >= {part.name} and len(files) <= 2 and "0" * 32 not in files
    assert list(reader.videos().index) == list("abcdef")


def test_opening_a_finished_store_opens_no_file_a_video(tmp_path: Path) -> None:
    names = [f"{number:03d}" for number in range(50)]
    paths = corpus(tmp_path / "corpus", *names)
    complete(new(tmp_path / "store"), paths)
    with watched() as files:
        store = new(tmp_path / "store")
        assert store.todo(paths) == {} and not store.build_tables(paths)
        assert len(store.rows(names)) == 50 and len(store.crops()) >= 50 and store.lists(names)
        assert all(store.has(name) for name in names)
    assert {Path(name).name for name in files} <= {"recipe.yaml", "manifest.json"}
    assert len(files) < 20


def test_one_new_video_costs_the_reading_of_that_one(tmp_path: Path) -> None:
    names = [f"{number:03d}" for number in range(50)]
    paths = corpus(tmp_path / "corpus", *names)
    complete(new(tmp_path / "store"), paths)
    more = {**paths, **corpus(tmp_path / "corpus", "025b")}
    with watched() as files:
        assert complete(new(tmp_path / "store"), more) == ["025b"]
    assert {Path(name).name for name in files if name.endswith(".zip")} == {"025b.zip"}
    assert {Path(name).name for name in files if name.endswith(".mp4")} == {"025b.mp4"}
    require_truth(new(tmp_path / "store"), more)


def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = corpus(tmp_path / "corpus", *"abc")
    complete(new(tmp_path / "store"), paths)
    asked, read_table = [], tables_module.pq.read_table

    def noted(path: Path, columns: list[str], **options: object) -> object:
        asked.extend(columns)
        return read_table(path, columns=columns, **options)

    monkeypatch.setattr(tables_module.pq, "read_table", noted)
    new(tmp_path / "store").crop_columns(["a"], PLACE)
    assert set(asked) == {"video_id", "video", *PLACE}


def test_handles_that_append_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    names = [f"{number:02d}" for number in range(24)]
    paths = corpus(tmp_path / "corpus", *names)

    def work(number: int) -> None:
        store = new(tmp_path / "store")
        for name in names[number::4]:
            complete(store, {name: paths[name]})
            assert name in store.videos().index

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert new(tmp_path / "store").todo(paths) == {}
    require_truth(new(tmp_path / "store"), paths)


def test_lost_tables_are_said_once_and_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = corpus(tmp_path / "corpus", *"abc")
    complete(store := new(tmp_path / "store"), paths)
    for damage in ("manifest", "part"):
        caplog.clear()
        if damage == "manifest":
            (tmp_path / "store/tables/manifest.json").write_bytes(b"")
        else:
            (part,) = store._tables._manifest()[0]
            (tmp_path / f"store/tables/{part.name}.crops.parquet").write_bytes(b"")
        store = new(tmp_path / "store")
        assert complete(store, paths) == []
        require_truth(store, paths)
        assert len([record for record in caplog.records if "from the archives" in record.message]) == 1


def test_crops_whose_table_is_damaged_unseen_are_taken_from_the_archives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The size is the same, so only who reads the rows notices, and is not given fewer."""
    paths = corpus(tmp_path / "corpus", *"abc")
    complete(store := new(tmp_path / "store"), paths)
    (part,) = store._tables._manifest()[0]
    for kind in ("crops", "videos"):
        path = tmp_path / f"store/tables/{part.name}.{kind}.parquet"
        content = bytearray(path.read_bytes())
        content[60 : len(content) // 2] = bytes(len(content) // 2 - 60)
        path.write_bytes(content)
        caplog.clear()
        store = new(tmp_path / "store")
        require_truth(store, paths)
        assert ["from the archives" in record.message for record in caplog.records] == [True]
        (part,) = store._tables._manifest()[0]


def test_a_fault_of_the_machine_throws_no_tables_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = corpus(tmp_path / "corpus", *"abc")
    complete(new(tmp_path / "store"), paths)
    before = sorted((tmp_path / "store/tables").iterdir())

    def failing(path: Path, **_: object) -> None:
        raise OSError(5, "Input/output error", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(tables_module.pq, "read_table", failing)
        with pytest.raises(StoreError, match=r"parquet cannot be read \(Input/output error\): see to the disk"):
            new(tmp_path / "store").videos()
    assert sorted((tmp_path / "store/tables").iterdir()) == before
    assert all_faces(new(tmp_path / "store"), paths)
