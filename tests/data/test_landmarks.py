"""Landmarks follow a crop into its cut, and are read only for who asks for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from deepfake.data.augment import Augmentation, BasicAugmentation, DfdcAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.data.dataset import ClipDataset, Draw
from deepfake.errors import StoreError
from deepfake.schema import Label, Split, Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from tests.data.conftest import SPEC, video

SIZE = 40
MARKS = np.array([(38, 40), (62, 41), (50, 52), (41, 64), (59, 65)]) + 0.5  # centres of pixels of the frame


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    """Return a store whose pictures, shrunk from 120 to 60 pixels, have a white dot at each landmark."""
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 1, "segment_length": 4, "margin": 1.5}
    store = FaceStore(tmp_path_factory.mktemp("marked"), {**recipe, "image_format": "png", "max_crop_size": 60}).open()
    for name in ("r", "f"):
        rows, images = [], []
        for frame in range(4):
            marks = MARKS + np.array([2 * frame, 0])
            rows.append([0, 0, frame, -10, -10, 120, 50, 50, 80, 80, 1.0, *marks.ravel()])
            image = np.zeros((60, 60, 3), np.uint8)
            for x, y in (marks + 10) / 2 - 0.5:
                image[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = 255
            images.append(store.encode(image))
        store.write(
            VideoRow(name, Status.OK, num_faces=1, main_share=1.0), pd.DataFrame(rows, columns=CROP_COLUMNS), images
        )
    store.build_tables(["r", "f"])
    return store


def dataset(store: FaceStore, augment: Augmentation, length: int = 2) -> ClipDataset:
    spec = replace(SPEC, clip_length=length, size=SIZE, margin=1.25)
    videos = [video("r", Label.REAL, Split.TRAIN), video("f", Label.FAKE, Split.TRAIN)]
    return ClipDataModule(videos, store, spec, augment, 0).datasets[Split.TRAIN]


def test_landmarks_are_where_the_cut_shows_them(marked: FaceStore) -> None:
    data = dataset(marked, DfdcAugmentation())
    assert data.landmarks is not None and data.landmarks.shape == (8, 5, 2)
    for index in range(len(data)):
        clip = data[index]["clip"]
        for t in range(2):
            for x, y in data.landmarks[2 * index + t].tolist():
                patch = clip[t, 0, round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3].double()
                rows, columns = torch.arange(5)[:, None] - 2 + round(y), torch.arange(5) - 2 + round(x)
                assert (patch * columns).sum() / patch.sum() == pytest.approx(x, abs=0.5)
                assert (patch * rows).sum() / patch.sum() == pytest.approx(y, abs=0.5)


def test_what_the_augmentation_gets_are_the_landmarks_of_the_clip(marked: FaceStore) -> None:
    data = dataset(marked, DfdcAugmentation(part=1, jpeg=0, noise=0, blur=0, flip=0, move=0))
    for index in range(len(data)):
        assert data.landmarks is not None
        plain, out = data[index]["clip"], data[Draw(index, 3)]["clip"]
        changed = (plain != out).any(1)
        assert changed.any() and not torch.equal(changed[0], changed[1])  # the face moves by two pixels a frame


def test_landmarks_are_not_held_unless_they_are_needed_and_change_no_cached_cut(marked: FaceStore) -> None:
    plain, with_landmarks = dataset(marked, BasicAugmentation()), dataset(marked, DfdcAugmentation())
    assert plain.landmarks is None and with_landmarks.landmarks is not None
    assert with_landmarks.landmarks.element_size() * 10 == 40  # bytes a frame
    assert plain.digest() == with_landmarks.digest()


def test_a_store_without_landmarks_is_refused(noise_videos: list, noise_store: FaceStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="have no landmarks, which this augmentation needs"):
        ClipDataModule(noise_videos, noise_store, SPEC, DfdcAugmentation(), 0)
