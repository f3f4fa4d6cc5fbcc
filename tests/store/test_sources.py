"""A store never silently serves the faces of other files, and never silently discards faces."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore, facts
from tests.store.made import all_faces, complete, corpus, faces_of, new, require_truth
from tests.store.watching import watched

NAMES = ("fake/a", "fake/b", "real/a")
A_DAY = 86_400 * 10**9


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return corpus(tmp_path / "one", *NAMES)


@pytest.fixture
def store(paths: dict[str, Path], tmp_path: Path) -> FaceStore:
    complete(store := new(tmp_path / "store"), paths)
    return store


@pytest.fixture(params=["tables", "archives alone", "a part of the tables"])
def left(request: pytest.FixtureRequest, store: FaceStore, paths: dict[str, Path]) -> FaceStore:
    """Open the store again, with all that it recorded or only a part."""
    if request.param != "tables":
        shutil.rmtree(store.root / "tables")
    if request.param == "a part of the tables":
        store.build_tables(["fake/a"])
    return new(store.root)


def same_times(paths: Mapping[str, Path], others: Mapping[str, Path]) -> None:
    for name, path in paths.items():
        found = path.stat()
        os.utime(others[name], ns=(found.st_atime_ns, found.st_mtime_ns))


def bytes_of(store: FaceStore) -> dict[str, bytes]:
    return {name: store.archive_path(name).read_bytes() for name in NAMES}


@pytest.mark.parametrize("times", ["equal", "other"])
@pytest.mark.parametrize("sizes", ["equal", "other"])
def test_another_corpus_of_the_same_name_is_refused_and_the_first_is_left_alone(
    times: str, sizes: str, left: FaceStore, paths: dict[str, Path], tmp_path: Path
) -> None:
    others = corpus(tmp_path / "two", *NAMES, salt="other")
    if sizes == "other":
        for path in others.values():
            path.write_bytes(path.read_bytes() + b"longer")
    if times == "equal":
        same_times(paths, others)
    before = bytes_of(left)
    with pytest.raises(
        StoreError, match=r"was made of other files: fake/a is .*one/fake/a.mp4 there and .*two/"
    ) as told:
        complete(left, others)
    assert "(3 videos differ): give this corpus a name of its own" in str(told.value)
    with pytest.raises(StoreError, match="was made of other files: real/a"):
        left.done("real/a", others["real/a"])
    assert bytes_of(left) == before
    assert complete(left, paths) == []
    require_truth(left, paths)


def test_one_other_file_among_equal_ones_is_enough(left: FaceStore, paths: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "one", tmp_path / "two")  # keeps modification times
    others = {name: tmp_path / "two" / path.relative_to(tmp_path / "one") for name, path in paths.items()}
    found = others["fake/b"].stat()
    others["fake/b"].write_bytes(bytes(64))
    os.utime(others["fake/b"], ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(StoreError, match=r"fake/b is .* \(1 videos differ\)"):
        left.todo(others)


@pytest.mark.parametrize("change", ["copied", "copied with times", "moved", "moved and touched", "linked"])
def test_a_corpus_that_was_moved_or_copied_keeps_its_faces(
    change: str, left: FaceStore, paths: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    match change:
        case "copied":
            shutil.copytree(tmp_path / "one", tmp_path / "two", copy_function=shutil.copyfile)
        case "copied with times":
            shutil.copytree(tmp_path / "one", tmp_path / "two")
        case "linked":
            (tmp_path / "two").symlink_to(tmp_path / "one")
        case _:
            (tmp_path / "one").rename(tmp_path / "two")
    now = {name: tmp_path / "two" / path.relative_to(tmp_path / "one") for name, path in paths.items()}
    if change == "moved and touched":
        for path in now.values():
            os.utime(path)
    before = bytes_of(left)
    caplog.set_level("INFO")
    assert complete(left, now) == []
    assert [r.message for r in caplog.records if "same content" in r.message] == [
        "3 files have another path or time than when they were extracted, but the same content "
        "(fake/a the first of them)"
    ]
    require_truth(left, now)
    caplog.clear()
    with watched() as files:
        assert new(left.root).todo(now) == {}
    assert bytes_of(left) == before and not caplog.records
    assert not [name for name in files if name.endswith((".mp4", ".zip"))]  # contents are compared only once


def test_files_that_were_touched_are_compared_once(left: FaceStore, paths: dict[str, Path]) -> None:
    for path in paths.values():
        os.utime(path, ns=(A_DAY, A_DAY))
    assert complete(left, paths) == []
    require_truth(left, paths)
    with watched() as files:
        assert new(left.root).todo(paths) == {}
    assert not [name for name in files if name.endswith(".mp4")]


@pytest.mark.parametrize("size", ["equal", "other"])
def test_a_file_that_changed_is_extracted_again_and_it_is_said(
    size: str, left: FaceStore, paths: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    paths["fake/b"].write_bytes(bytes(64 if size == "equal" else 65))
    os.utime(paths["fake/b"], ns=(A_DAY, A_DAY))
    assert complete(left, paths) == ["fake/b"]
    assert [record.message for record in caplog.records] == [
        "1 files have changed since they were extracted, fake/b the first of them: they are extracted again"
    ]
    require_truth(left, paths)


def test_faces_of_a_file_that_is_not_there_are_kept(left: FaceStore, paths: dict[str, Path], tmp_path: Path) -> None:
    """The disk with the corpus is not mounted."""
    before = bytes_of(left)
    (tmp_path / "one").rename(tmp_path / "aside")
    assert complete(left, paths) == [] and bytes_of(left) == before
    elsewhere = {name: tmp_path / "three" / f"{name}.mp4" for name in NAMES}
    assert complete(left, elsewhere) == [] and bytes_of(left) == before


def test_a_corpus_that_shares_some_files_adds_its_own(store: FaceStore, paths: dict[str, Path]) -> None:
    more = corpus(paths["real/a"].parents[1], "real/b")
    assert complete(store, {"real/a": paths["real/a"], **more}) == ["real/b"]
    require_truth(store, {**paths, **more})


def without_faces(store: FaceStore, video_id: str, status: Status, path: Path, **options: int) -> None:
    import pandas as pd

    row = VideoRow(video_id, status, "as it was", **{**facts(path), **options})
    store.write(row, pd.DataFrame(columns=CROP_COLUMNS), [])
    store.build_tables([video_id])


@pytest.mark.parametrize("status", [Status.UNREADABLE, Status.FAILED])
@pytest.mark.parametrize("times", ["equal", "other"])
def test_a_file_that_could_not_be_read_says_nothing_of_another_one(
    times: str, status: Status, tmp_path: Path, paths: dict[str, Path]
) -> None:
    """No digest was recorded, so a file with the same name, size and time elsewhere is extracted."""
    store = new(tmp_path / "store")
    without_faces(store, "real/a", status, paths["real/a"])
    others = corpus(tmp_path / "two", "real/a", salt="other")
    if times == "equal":
        same_times({"real/a": paths["real/a"]}, others)
    assert store.done("real/a", others["real/a"]) is None
    assert complete(store, others) == ["real/a"]
    require_truth(store, others)


def test_an_unreadable_file_is_tried_again_when_it_was_touched_and_not_before(
    tmp_path: Path, paths: dict[str, Path]
) -> None:
    store = new(tmp_path / "store")
    without_faces(store, "real/a", Status.UNREADABLE, paths["real/a"])
    assert store.todo({"real/a": paths["real/a"]}) == {}
    os.utime(paths["real/a"], ns=(A_DAY, A_DAY))
    assert list(store.todo({"real/a": paths["real/a"]})) == ["real/a"]


def test_a_fake_that_is_to_be_extracted_again_is_not_taken_from_another_corpus(
    tmp_path: Path, paths: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """The size is recorded as -1 because the real video failed; the faces are used all the same."""
    from dataclasses import replace

    store = new(tmp_path / "store")
    row, crops, images = faces_of("fake/a", paths["fake/a"])
    store.write(replace(row, num_bytes=-1), crops, [store.encode(image) for image in images])
    store.build_tables(["fake/a"])
    others = corpus(tmp_path / "two", "fake/a", salt="other")
    same_times({"fake/a": paths["fake/a"]}, others)
    with pytest.raises(StoreError, match="was made of other files"):
        store.todo(others)
    assert list(store.todo({"fake/a": paths["fake/a"]})) == ["fake/a"] and not caplog.records


def test_a_file_that_cannot_be_read_to_be_compared_is_named(
    left: FaceStore, paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepfake.store import sources

    def failing(path: Path) -> str:
        raise OSError(5, "Input/output error", str(path))

    os.utime(paths["real/a"])
    monkeypatch.setattr(sources, "digest", failing)
    with pytest.raises(StoreError, match=r"real/a.mp4 cannot be read \(Input/output error\): check the disk"):
        left.todo(paths)


def test_two_stores_of_one_corpus_have_nothing_to_do_with_each_other(tmp_path: Path, paths: dict[str, Path]) -> None:
    """Two recipes, or two corpora with different names, get a folder each."""
    others = corpus(tmp_path / "two", *NAMES, salt="other")
    one, two = new(tmp_path / "faces/a/recipe"), new(tmp_path / "faces/b/recipe")
    complete(one, paths), complete(two, others)
    require_truth(one, paths), require_truth(two, others)
    assert all_faces(one, paths).keys() == set(NAMES)
