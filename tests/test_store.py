"""The face store on disk."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepfake.errors import StoreError
from deepfake.schema import Status
from deepfake.store import CROP_COLUMNS, FaceStore, VideoRow, recipe_name, write_atomic

RECIPE = {"detector": {"_target_": "a.b.Mtcnn"}, "num_segments": 4, "segment_length": 8, "margin": 1.3}


def crops(frames: list[int]) -> pd.DataFrame:
    return pd.DataFrame([[0, 0, frame, *[1.5] * (len(CROP_COLUMNS) - 3)] for frame in frames], columns=CROP_COLUMNS)


def filled(store: FaceStore, *video_ids: str) -> FaceStore:
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    for video_id in video_ids:
        store.write(VideoRow(video_id, Status.OK, num_faces=1), crops([3, 4]), [image, image])
    store.build_tables(video_ids)
    return store


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_lossless_formats_give_the_pixels_back(suffix: str, tmp_path: Path) -> None:
    store = FaceStore(tmp_path, {**RECIPE, "image_format": suffix}).open()
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    store.write(VideoRow("a/b", Status.OK), crops([3]), [image])
    assert np.array_equal(np.asarray(Image.open(store.image_path("a/b", 0, 3))), image)


def test_tables_are_built_from_the_folders_and_can_be_built_again(tmp_path: Path) -> None:
    store = filled(FaceStore(tmp_path, {**RECIPE, "image_format": "png"}).open(), "x/a", "x/b")
    before = (tmp_path / "videos.csv").read_bytes(), (tmp_path / "crops.parquet").read_bytes()
    for name in ("videos.csv", "crops.parquet"):
        (tmp_path / name).unlink()
    store.build_tables(["x/b", "x/a"])
    assert ((tmp_path / "videos.csv").read_bytes(), (tmp_path / "crops.parquet").read_bytes()) == before
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
    with pytest.raises(StoreError, match="'bmp': choose one of png, webp, jpg"):
        FaceStore(tmp_path, {**RECIPE, "image_format": "bmp"})


def test_recipes_that_differ_have_names_that_differ() -> None:
    assert recipe_name(RECIPE).startswith("mtcnn-4x8-m1.3-")
    assert recipe_name(RECIPE) != recipe_name({**RECIPE, "min_score": 0.5})


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"old")
    with pytest.raises(TypeError):
        write_atomic(tmp_path / "a", "not bytes")  # type: ignore[arg-type]
    assert (tmp_path / "a").read_bytes() == b"old"
