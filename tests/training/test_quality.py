"""The blur and compression of training clips, against a plain loop."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from deepfake.data.augment import Augmentation, BasicAugmentation, NoAugmentation, Sample, SbiAugmentation
from deepfake.data.augment.augmentation import as_float
from deepfake.data.augment.face_shape import FIVE
from deepfake.data.datamodule import ClipDataModule
from deepfake.schema import ClipSpec, Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.texture import block_grid, grey, sharpness
from deepfake.training.quality import FEWEST, quality_card
from tests.data.conftest import video

SIDE = 64
SPEC = ClipSpec(1, 1, 1.0, SIDE, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
NUM_FRAMES = 2
TRAIN = [video(f"v{i:02}", Label(i % 2), Split.TRAIN) for i in range(2 * FEWEST + 4)]
VIDEOS = [*TRAIN, *(video(f"o{label}", label, Split.VAL) for label in Label)]


def painted(number: int) -> np.ndarray:
    """A picture of its own, the later the sharper."""
    noise = np.random.default_rng(number).normal(size=(SIDE, SIDE, 3))
    smooth = gaussian_filter(noise, (2.5 - 0.03 * number, 2.5 - 0.03 * number, 0))
    return (128 + 40 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    return stored(tmp_path_factory.mktemp("faces"))


def stored(folder: Path, side: int = SIDE) -> FaceStore:
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 1, "segment_length": NUM_FRAMES, "margin": 1.0}
    store = FaceStore(folder, {**recipe, "image_format": "png"}).open()
    for number, v in enumerate(VIDEOS):
        marks = (FIVE * 20 + (SIDE / 2, 22)).ravel()
        rows = [[0, 0, frame, 0, 0, side, side / 2, side / 2, side, side, 1.0, *marks] for frame in range(NUM_FRAMES)]
        row = VideoRow(v.video_id, Status.OK, num_faces=1, main_share=1.0)
        store.write(
            row, pd.DataFrame(rows, columns=CROP_COLUMNS), [store.encode(painted(number)[:side, :side])] * NUM_FRAMES
        )
    store.build_tables(v.video_id for v in VIDEOS)
    return store


def module(videos: list[Video], store: FaceStore, augment: Augmentation) -> ClipDataModule:
    return ClipDataModule(videos, store, SPEC, augment, 0, batch_size=4, num_workers=0)


class Halved(Augmentation):
    """Takes every second pixel twice, which blurs, and makes a picture darker, on the device."""

    num_draws = 1

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        return clip[..., ::2, ::2].repeat_interleave(2, -1).repeat_interleave(2, -2)

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        assert draws.shape == (1, 1)
        return as_float(clips) / 2


def test_the_numbers_are_those_of_a_plain_loop(faces: FaceStore) -> None:
    lumas = [grey(painted(number)) for number in range(len(TRAIN))]
    found = quality_card(module(VIDEOS, faces, NoAugmentation()))
    assert found is not None and found["clips"] == len(TRAIN)
    # Of fewer than 100 the one beyond which 1 % are is the last one.
    assert found["sharpness"] == pytest.approx(min(map(sharpness, lumas)), rel=1e-4)
    assert found["block_grid"] == pytest.approx(max(map(block_grid, lumas)), rel=1e-4)


def test_augmentation_blurs_what_a_detector_sees_and_the_store_has_the_blocks_of_files(faces: FaceStore) -> None:
    def halved(number: int) -> np.ndarray:
        return painted(number)[::2, ::2].repeat(2, 0).repeat(2, 1) / 2

    lumas = [grey(halved(number)) for number in range(len(TRAIN))]
    found = quality_card(module(VIDEOS, faces, Halved()))
    assert found is not None
    assert found["sharpness"] == pytest.approx(min(map(sharpness, lumas)), rel=1e-4)
    of_store = max(block_grid(grey(painted(number))) for number in range(len(TRAIN)))
    assert found["block_grid"] == pytest.approx(of_store, rel=1e-4)


@pytest.mark.parametrize("augment", [BasicAugmentation(), SbiAugmentation()], ids=lambda each: type(each).__name__)
def test_it_is_the_same_each_time_and_draws_nothing_from_training(augment: Augmentation, faces: FaceStore) -> None:
    videos = [v for v in VIDEOS if v.label is Label.REAL] if augment.makes_fakes else VIDEOS
    before = torch.get_rng_state()
    found = [quality_card(module(videos, faces, augment)) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert found[0] is not None and found[0] == found[1]
    assert found[0]["clips"] == (len(TRAIN) // 2 if augment.makes_fakes else len(TRAIN))


def test_of_few_videos_nothing_is_said(faces: FaceStore) -> None:
    assert quality_card(module([*TRAIN[: FEWEST - 1], *VIDEOS[-2:]], faces, NoAugmentation())) is None
    assert quality_card(module([*TRAIN[:FEWEST], *VIDEOS[-2:]], faces, NoAugmentation())) is not None


def test_blocks_of_small_crops_are_not_measured(tmp_path: Path) -> None:
    store = stored(tmp_path, side=48)
    found = quality_card(module(VIDEOS, store, NoAugmentation()))
    assert found is not None and found["block_grid"] is None and found["sharpness"] > 0
