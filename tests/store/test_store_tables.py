"""The store's tables: their cost, and that no row is lost to merging, concurrent handles, damage or faults."""

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from deepfake.errors import StoreError
from deepfake.store import PLACE
from deepfake.store import tables as tables_module
from tests.store.made import all_faces, complete, corpus, new, require_truth
from tests.store.watching import watched


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
    """The size is unchanged, so only reading the rows reveals the damage, and none is missing then."""
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
        with pytest.raises(StoreError, match=r"parquet cannot be read \(Input/output error\): check the disk"):
            new(tmp_path / "store").videos()
    assert sorted((tmp_path / "store/tables").iterdir()) == before
    assert all_faces(new(tmp_path / "store"), paths)


def test_a_store_of_before_a_column_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither archives nor tables know of cuts, which are then unknown; nothing is extracted again."""
    paths = corpus(tmp_path / "corpus", *"abc")
    as_parquet, write = tables_module.as_parquet, zipfile.ZipFile.writestr

    def older_table(table: pa.Table) -> bytes:
        return as_parquet(table.drop_columns([name for name in table.column_names if name == "cuts"]))

    def older_row(archive: zipfile.ZipFile, name: zipfile.ZipInfo, content: str | bytes) -> None:
        if name.filename == "video.json":
            content = json.dumps({key: value for key, value in json.loads(content).items() if key != "cuts"})
        write(archive, name, content)

    monkeypatch.setattr(tables_module, "as_parquet", older_table)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", older_row)
    complete(new(tmp_path / "store"), paths)
    monkeypatch.undo()
    store = new(tmp_path / "store")
    stored = store.stored("a")
    assert stored is not None and stored.row.cuts == "" and store.rows([*paths])["cuts"].isna().all()
    assert complete(store, paths) == []
    require_truth(store, paths)
    more = {**paths, **corpus(tmp_path / "corpus", "d")}
    assert complete(store, more) == ["d"]  # and merges tables with and without the column
    require_truth(new(tmp_path / "store"), more)
