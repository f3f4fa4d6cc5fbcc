"""A store of distorted faces: the clean places, distorted pixels, and the same bytes in whatever way it is filled."""

import hashlib
import logging
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfake.distort.distortion import Distortion
from deepfake.errors import CorpusError, ExtractionError, StoreError
from deepfake.extraction.distorted import CleanStore, complete_distorted, distorted_store, other_places, unchanged
from deepfake.extraction.options import ExtractOptions
from deepfake.faces import distorted, phase
from deepfake.faces.crop import Region, crop
from deepfake.faces.distorted import DistortFaces
from deepfake.faces.recipe import Recipe
from deepfake.faces.video_faces import Found, extract_video
from deepfake.faces.workers import Job
from deepfake.schema import Label, Status, Video
from deepfake.store import CROP_COLUMNS, FACE, LANDMARKS, SQUARE, FaceStore, Pile, recipe_name
from deepfake.video.door import open_video
from tests.faces.test_extract import RECIPE
from tests.fakes import BrightSquares, frames_with, no_face, one_face, two_faces, write_video

FINDER = {"_target_": "no.such.Finder"}  # would fail if it were ever made
PLACES = ["track", "segment", "frame", *SQUARE, *FACE, "score", *LANDMARKS]
KINDS = {"real/one": one_face, "real/same": one_face, "fake/two": two_faces, "fake/none": no_face}


def clean_store(root: Path, videos: Path, recipe: dict[str, Any] = RECIPE) -> CleanStore:
    """Extract a few clips in this process."""
    plain = {"finder": FINDER, **recipe}
    store = FaceStore(root / recipe_name(plain), plain).open()
    listed = []
    for video_id in KINDS:
        path = videos / f"{video_id}.mp4"
        found = extract_video(video_id, path, BrightSquares(), Recipe(**recipe), store)
        store.write(found.row, found.crops, found.images)
        listed.append(Video(video_id, path, Label.FAKE if video_id.startswith("fake") else Label.REAL))
    store.build_tables(KINDS)
    return CleanStore(store, listed, plain, ExtractOptions(device="cpu", num_workers=1))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("videos")
    for video_id, boxes in KINDS.items():
        write_video(root / f"{video_id}.mp4", frames_with(boxes, 40))
    # A copy, since x264 does not give equal pixels for equal frames on several threads.
    shutil.copyfile(root / "real/one.mp4", root / "real/same.mp4")
    return root


@pytest.fixture
def clean(videos: Path, tmp_path: Path) -> CleanStore:
    return clean_store(tmp_path / "faces", videos)


def work_of(clean: CleanStore, distortion: Distortion) -> DistortFaces:
    store = distorted_store(clean.store, distortion)
    recipe = Recipe(**{name: value for name, value in clean.faces.items() if name != "finder"})
    return DistortFaces(distortion, clean.store, store, recipe)


def fill(clean: CleanStore, distortion: Distortion, *video_ids: str) -> FaceStore:
    """Distort in this process, as a worker would, and store it."""
    work = work_of(clean, distortion)
    for video in clean.videos:
        if video.video_id in (video_ids or KINDS) and "none" not in video.video_id:
            found = work(Job(video.video_id, video.path, None, 0))
            assert isinstance(found, Found)
            work.store.write(found.row, found.crops, found.images)
    return work.store


def test_crops_may_wait_in_a_file_and_frames_count_for_the_time_limit(
    clean: CleanStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laps: list[int] = []
    work = work_of(clean, Distortion("GB", 1))
    job = Job("real/one", next(video.path for video in clean.videos if video.video_id == "real/one"), None, 0)
    in_memory = work(job)
    monkeypatch.setattr(phase, "_begin_lap", laps.append)
    monkeypatch.setattr(phase, "LAP", 1)
    monkeypatch.setattr(distorted, "Pile", partial(Pile, most=0))
    in_file = work(replace(job, pile=tmp_path / "folder" / "0"))
    assert isinstance(in_memory, Found) and isinstance(in_file, Found)
    assert (tmp_path / "folder" / "0").stat().st_size == sum(map(len, in_memory.images)) > 0
    assert [*in_file.images] == [*in_memory.images] and len(laps) > 1


def archives(store: FaceStore) -> dict[str, str]:
    files = {path.relative_to(store.root / "crops").as_posix(): path for path in (store.root / "crops").rglob("*.zip")}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items())}


def test_pixels_are_those_of_a_plain_reference_at_the_squares_of_the_clean_store(clean: CleanStore) -> None:
    store = fill(clean, Distortion("CC", 3))
    for video in clean.videos[:3]:
        crops = clean.store.archives.require(video.video_id).crops
        assert len(crops) >= 8
        with open_video(video.path, "av") as reader:
            for row in crops.itertuples():
                darker = np.round(reader.read([row.frame]) * 0.6).astype(np.uint8)[0]
                expected = crop(darker, Region(int(row.x), int(row.y), int(row.size)), RECIPE["max_crop_size"])
                found = store.image(video.video_id, row.track, row.frame)
                assert np.abs(found.astype(int) - expected).max() <= 1  # a half is rounded up or down


@pytest.mark.parametrize("name", ["GNC", "GB", "VC", "mix_3"])
def test_rows_and_places_are_those_of_the_clean_store(name: str, clean: CleanStore) -> None:
    distortion = Distortion(name, None if name == "mix_3" else 2)
    store = fill(clean, distortion)
    for video_id in ("real/one", "fake/two"):
        ours, theirs = store.archives.require(video_id), clean.store.archives.require(video_id)
        assert ours.row == theirs.row
        pd.testing.assert_frame_equal(ours.crops[PLACES], theirs.crops[PLACES])
        assert ours.crops["crc"].tolist() != theirs.crops["crc"].tolist()


def test_the_folder_is_another_for_every_distortion_and_none_changes_the_clean_one(clean: CleanStore) -> None:
    distortions = [Distortion("GB", 1), Distortion("GB", 2), Distortion("GNC", 1), Distortion("GNC", 1, 5)]
    distortions += [Distortion("mix_2"), Distortion("GB", 1, reencode="dfo")]
    stores = [distorted_store(clean.store, each) for each in distortions]
    assert len({store.root for store in [clean.store, *stores]}) == len(stores) + 1
    assert {store.root.parent for store in stores} == {clean.store.root.parent}
    assert stores[0].root.name.startswith(f"{clean.store.root.name.rpartition('-')[0]}-GB-1-")
    assert stores[4].root.name.startswith(f"{clean.store.root.name.rpartition('-')[0]}-mix_2-")


def test_the_order_of_videos_and_their_labels_do_not_matter(clean: CleanStore) -> None:
    whole = archives(fill(clean, Distortion("GNC", 3)))
    store = distorted_store(clean.store, Distortion("GNC", 3))
    for video_id in KINDS:
        store.discard(video_id)
    assert archives(store) == {}
    for video_id in reversed(KINDS):
        fill(clean, Distortion("GNC", 3), video_id)
    assert archives(store) == whole
    # One clip under two names has other noise under each, and the same blur.
    for distortion, alike in ((Distortion("GNC", 3), False), (Distortion("GB", 3), True)):
        store = fill(clean, distortion)
        crops = [store.archives.require(name).crops["crc"].tolist() for name in ("real/one", "real/same")]
        assert (crops[0] == crops[1]) is alike


def test_a_file_that_cannot_be_read_is_said_so(clean: CleanStore, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video\n")
    found = work_of(clean, Distortion("GB", 1))(Job("real/one", tmp_path / "text.mp4", None, 0))
    assert isinstance(found, Found) and found.row.status == Status.UNREADABLE and not found.images
    with pytest.raises(StoreError, match="lacks real/nobody"):
        work_of(clean, Distortion("GB", 1))(Job("real/nobody", tmp_path / "text.mp4", None, 0))


def test_a_missing_file_is_one_clear_line(clean: CleanStore, tmp_path: Path) -> None:
    gone = [Video(v.video_id, tmp_path / "away" / v.path.name, v.label) for v in clean.videos]
    with pytest.raises(CorpusError, match="3 of the 3 videos to distort by dfo_GB_1 are gone, .*two.mp4 among them"):
        complete_distorted(CleanStore(clean.store, gone, clean.faces, clean.options), Distortion("GB", 1))


def test_videos_that_are_done_need_no_file_and_no_worker(clean: CleanStore, tmp_path: Path) -> None:
    fill(clean, Distortion("GB", 1))
    gone = [Video(v.video_id, tmp_path / "away" / v.path.name, v.label) for v in clean.videos]
    store = complete_distorted(CleanStore(clean.store, gone, clean.faces, clean.options), Distortion("GB", 1))
    ours, theirs = store.rows([*KINDS]), clean.store.rows([*KINDS])
    pd.testing.assert_frame_equal(ours, theirs)
    assert ours.at["fake/none", "status"] == Status.NO_FACE
    assert len(store.crops()) == len(clean.store.crops()) > 0
    assert other_places([*KINDS], clean.store, store) == []


def test_a_video_that_got_other_faces_is_distorted_again(clean: CleanStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = fill(clean, Distortion("GB", 1))
    known = clean.store.archives.require("real/one")
    images = [clean.store.image("real/one", row.track, row.frame) for row in known.crops.itertuples()]
    moved = known.crops[CROP_COLUMNS].assign(x=known.crops["x"] + 1)
    clean.store.write(known.row, moved, [clean.store.encode(image) for image in images])
    clean.store.build_tables(KINDS)
    store.build_tables(["real/one", "real/same", "fake/two"])
    assert other_places([*KINDS], clean.store, store) == ["real/one"]
    complete_distorted(clean, Distortion("GB", 1))
    assert "faces of 1 video were extracted again since they were distorted, real/one first" in caplog.text
    assert store.archives.require("real/one").crops["x"].tolist() == moved["x"].tolist()


def test_what_changes_no_pixel_is_told(clean: CleanStore) -> None:
    """The frames are below 256 pixels, so they get no block."""
    store = fill(clean, Distortion("BW", 5))
    store.build_tables(["real/one", "real/same", "fake/two"])
    assert unchanged([*KINDS], clean.store, store) == ["real/one", "real/same", "fake/two"]
    store = fill(clean, Distortion("CC", 1))
    store.build_tables(["real/one", "real/same", "fake/two"])
    assert unchanged([*KINDS], clean.store, store) == []


def test_fewer_videos_than_clean_ones_are_no_test(clean: CleanStore, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video\n")
    listed = [Video("real/one", tmp_path / "text.mp4", Label.REAL)]
    with pytest.raises(ExtractionError, match="1 of 1 videos could not be distorted, real/one among them: "):
        complete_distorted(CleanStore(clean.store, listed, clean.faces, clean.options), Distortion("GB", 1))


@pytest.mark.slow
@pytest.mark.parametrize("distortion", [Distortion("GNC", 4), Distortion("VC", 5), Distortion("mix_3")])
def test_bytes_are_the_same_with_one_worker_and_two_and_after_a_resume(
    distortion: Distortion, clean: CleanStore, videos: Path, tmp_path: Path
) -> None:
    here = archives(fill(clean, distortion))
    found = []
    for num_workers, done in ((1, ()), (2, ()), (2, ("real/same",))):
        root = tmp_path / f"{num_workers}{len(done)}"
        again = clean_store(root, videos)
        if done:
            fill(again, distortion, *done)
        options = ExtractOptions(device="cpu", num_workers=num_workers)
        store = complete_distorted(CleanStore(again.store, again.videos, again.faces, options), distortion)
        found.append(archives(store))
        assert found[-1].pop("fake/none.zip")
    assert found == [here] * 3
