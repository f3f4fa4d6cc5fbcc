"""The face store on disk."""

import errno
import os
import shutil
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.atomic import partial_name, write_atomic
from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, LOSSLESS, PLACE, FaceStore, recipe_name
from deepfake.store.archive import read_checked

RECIPE = {"finder": {"_target_": "a.b.Mtcnn"}, "num_segments": 4, "segment_length": 8, "margin": 1.3}


def crops(frames: list[int]) -> pd.DataFrame:
    return pd.DataFrame([[0, 0, frame, *[1.5] * (len(CROP_COLUMNS) - 3)] for frame in frames], columns=CROP_COLUMNS)


def filled(store: FaceStore, *video_ids: str) -> FaceStore:
    image = store.encode(np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8))
    for video_id in video_ids:
        store.write(VideoRow(video_id, Status.OK, num_faces=1), crops([3, 4]), [image, image])
    store.build_tables(video_ids)
    return store


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_give_the_pixels_back(suffix: str, tmp_path: Path) -> None:
    store = FaceStore(tmp_path, {**RECIPE, "image_format": suffix}).open()
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    store.write(VideoRow("a/b", Status.OK), crops([3]), [store.encode(image)])
    assert np.array_equal(store.image("a/b", 0, 3), image)


def test_tables_are_built_from_the_archives_and_can_be_built_again(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "x/a", "x/b")
    before, videos = store.crops(columns=[*CROP_COLUMNS, *PLACE]), (tmp_path / "videos.csv").read_bytes()
    shutil.rmtree(tmp_path / "tables")
    (tmp_path / "videos.csv").unlink()
    assert store.build_tables(["x/b", "x/a"]) and not store.build_tables(["x/b", "x/a"])
    pd.testing.assert_frame_equal(store.crops(columns=[*CROP_COLUMNS, *PLACE]), before)
    assert (tmp_path / "videos.csv").read_bytes() == videos
    assert store.crops().groupby("video_id")["frame"].apply(list).to_dict() == {"x/a": [3, 4], "x/b": [3, 4]}


def test_a_listing_of_other_videos_keeps_the_rows_of_the_first(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "a")
    filled(store, "b")
    assert list(store.videos().index) == ["a", "b"]


def test_a_video_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "a")
    with pytest.raises(StoreError, match=r"lacks 1 videos, b among them: run scripts/extract.py"):
        store.rows(["a", "b"])
    with pytest.raises(StoreError, match="lacks b"):
        store.build_tables(["b"])


def test_ids_that_look_like_numbers_stay_strings(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "000", "001")
    assert list(store.videos().index) == ["000", "001"]
    assert set(store.crops()["video_id"]) == {"000", "001"}


def test_an_unknown_format_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'gif': choose one of png, webp, bmp, jpg"):
        FaceStore(tmp_path, {**RECIPE, "image_format": "gif"})


def test_recipes_that_differ_have_names_that_differ() -> None:
    assert recipe_name(RECIPE).startswith("mtcnn-4x8-m1.3-")
    assert recipe_name(RECIPE) != recipe_name({**RECIPE, "min_score": 0.5})


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"old")
    with pytest.raises(TypeError):
        write_atomic(tmp_path / "a", "not bytes")  # type: ignore[arg-type]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_what_a_killed_run_left_is_swept_and_what_a_live_one_writes_is_not(tmp_path: Path) -> None:
    alive = partial_name()
    dead = subprocess.run(
        [sys.executable, "-c", "from deepfake.atomic import partial_name; print(partial_name())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    machine, process, number = alive.rsplit("-", 2)
    names = {
        alive: True,
        dead: False,
        f"{machine}-{process.partition('.')[0]}.1-{number}": False,  # this process's id with another start time
        f"elsewhere-{process}-{number}": True,
    }
    for name in [*names, "elsewhere-1-old"]:
        (tmp_path / "partial" / name / "0").mkdir(parents=True)
    two_days_ago = time.time() - 2 * 86_400
    os.utime(tmp_path / "partial" / "elsewhere-1-old", (two_days_ago, two_days_ago))
    FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open()
    assert {path.name for path in (tmp_path / "partial").iterdir()} == {name for name, left in names.items() if left}


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "a")
    writestr = zipfile.ZipFile.writestr

    def full(archive: zipfile.ZipFile, name: zipfile.ZipInfo, content: bytes) -> None:
        if name.filename == "0/000004.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        writestr(archive, name, content)

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    expected = r"No space left on device\) at crops/b.zip: make room and give the same command again"
    with pytest.raises(StoreError, match=expected):
        filled(store, "b")
    assert list((tmp_path / "partial").iterdir()) == []
    assert [path.name for path in (tmp_path / "crops").iterdir()] == ["a.zip"]


def test_tables_that_say_something_else_than_the_archives_are_not_up_to_date(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "a", "b")
    assert store.lists(["a", "b"])
    store.write(VideoRow("b", Status.NO_FACE, "no face in 8 frames", num_bytes=7), crops([]), [])
    assert store.lists(["a"]) and not store.lists(["a", "b"])
    assert store.archive_rows(["b"])["status"].tolist() == ["no_face"]


def test_two_runs_that_write_the_same_video_leave_one_of_them_whole(tmp_path: Path) -> None:
    store = FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open()
    image = store.encode(np.zeros((16, 16, 3), np.uint8))
    with ThreadPoolExecutor(8) as pool:
        frames = [crops(list(range(n))) for n in range(1, 9)] * 4
        list(pool.map(lambda rows: store.write(VideoRow("a", Status.OK), rows, [image] * len(rows)), frames))
    stored = read_checked(store.archive_path("a"), "a")
    with zipfile.ZipFile(store.archive_path("a")) as archive:
        names = [f"0/{frame:06d}.png" for frame in stored.crops["frame"]]
        assert archive.namelist() == [*names, "crops.csv", "video.json"]
    assert list((tmp_path / "partial").iterdir()) == []


def test_tables_that_were_written_in_part_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "a")
    replace, calls = os.replace, []

    def killed(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 3:  # after the archive and one of the tables
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            filled(store, "b")
    assert not store.lists(["a", "b"])
    store.build_tables(["a", "b"])
    assert store.lists(["a", "b"]) and set(store.crops()["video_id"]) == {"a", "b"}


@pytest.mark.parametrize("name", ["recipe.yaml", "videos.csv", "manifest.json"])
def test_a_full_disk_is_said_of_every_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FaceStore(tmp_path, {**RECIPE, "image_format": "png"})
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if target.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match=rf"No space left on device\) at (tables/)?{name}"):
        filled(store.open(), "a")
    assert list((tmp_path / "partial").iterdir()) == []


def test_a_video_whose_archive_would_be_the_folder_of_another_is_refused(tmp_path: Path) -> None:
    store = FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open()
    assert list(store.todo({"real/a": Path("a.mp4"), "real/a/0": Path("a/0.mp4")})) == ["real/a", "real/a/0"]
    with pytest.raises(StoreError, match=r"real/a and real/a.zip/0 cannot both be stored, .*: rename a.mp4"):
        store.todo({"real/a": Path("a.mp4"), "real/a.zip/0": Path("a/0.mp4")})
