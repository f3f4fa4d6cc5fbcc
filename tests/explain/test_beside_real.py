"""A fake beside its real: the same place of both, what was changed, and why there is none."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.demo.design import DemoDesign, plan
from deepfake.demo.shoot import frames, shoot
from deepfake.errors import StoreError
from deepfake.explain import BesideReal
from deepfake.faces.crop import Region, crop
from deepfake.schema import Label, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, SQUARE, FaceStore
from deepfake.video import read

RECIPE = {"finder": {"_target_": "a.b.Mtcnn"}, "image_format": "png"}
NOISE = np.random.default_rng(0).integers(0, 256, (2, 60, 80, 3)).astype(np.uint8)  # a frame of a real and of a fake
DIFFERENCE = "fake minus real, 8 times enlarged, around grey"


@dataclass
class Shelf:
    """A store that is filled by hand."""

    store: FaceStore

    def put(self, video_id: str, frame: np.ndarray, *squares: Region, number: int = 5, longest: int = 500) -> None:
        """Store squares of one frame, a track each, the frame being the `number`th of nine."""
        crops = pd.DataFrame(0.0, index=range(len(squares)), columns=CROP_COLUMNS)
        places = pd.DataFrame([(each.x, each.y, each.size) for each in squares], columns=SQUARE)
        crops = crops.assign(
            track=range(len(squares)), segment=0, frame=number, **{name: places[name] for name in SQUARE}
        )
        images = [self.store.encode(crop(frame, each, longest)) for each in squares]
        height, width = frame.shape[:2]
        self.store.write(VideoRow(video_id, Status.OK, num_frames=9, height=height, width=width), crops, images)

    def beside(self, real_id: str = "real") -> BesideReal:
        return BesideReal(self.store, [Video("fake", Path("fake.mp4"), Label.FAKE, real_id=real_id)])


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    recipe = {**RECIPE, "num_segments": 1, "segment_length": 1, "margin": 1.3}
    return Shelf(FaceStore(tmp_path / "mine" / "faces", recipe).open())


def test_pictures_show_the_same_place_of_the_track_that_is_there(shelf: Shelf) -> None:
    shelf.put("real", NOISE[0], Region(50, 20, 24), Region(10, 20, 30))
    shelf.put("fake", NOISE[1], Region(10, 20, 30))
    shown = shelf.beside()("fake", 0, 5)
    assert isinstance(shown, dict) and [*shown] == ["the fake", "its real", DIFFERENCE]
    real, fake = NOISE[:, 20:50, 10:40].astype(int)
    assert (shown["the fake"] == fake).all() and (shown["its real"] == real).all()
    assert (shown[DIFFERENCE] == (128 + 8 * (fake - real)).clip(0, 255)).all()


def test_squares_that_differ_by_some_pixels_are_cut_to_what_both_hold(shelf: Shelf) -> None:
    shelf.put("real", NOISE[0], Region(10, 20, 30))
    shelf.put("fake", NOISE[1], Region(13, 18, 31))
    shown = shelf.beside()("fake", 0, 5)
    assert isinstance(shown, dict)
    assert (shown["its real"] == NOISE[0, 20:49, 13:40]).all() and (shown["the fake"] == NOISE[1, 20:49, 13:40]).all()


def test_crops_that_were_shrunk_alike_can_be_compared_and_others_cannot(shelf: Shelf) -> None:
    shelf.put("real", NOISE[0], Region(10, 20, 30), longest=20)
    shelf.put("fake", NOISE[1], Region(10, 20, 30), longest=20)
    shown = shelf.beside()("fake", 0, 5)
    assert isinstance(shown, dict) and shown[DIFFERENCE].shape == (20, 20, 3)
    shelf.put("fake", NOISE[1], Region(11, 20, 30), longest=20)
    assert shelf.beside()("fake", 0, 5) == "the faces were stored at different scales"


def test_it_is_said_why_there_is_no_real(shelf: Shelf) -> None:
    square = Region(10, 20, 30)
    shelf.put("fake", NOISE[1], square)
    assert shelf.beside("")("fake", 0, 5) == "the corpus names no real"
    assert shelf.beside()("fake", 0, 5) == "the real is not in the face store"
    shelf.put("real", NOISE[0, :50], square)
    assert shelf.beside()("fake", 0, 5) == "the real has other frames, or frames of another size"
    shelf.put("real", NOISE[0], square, number=4)
    assert shelf.beside()("fake", 0, 5) == "the real has no face in that frame"
    shelf.put("real", NOISE[0], Region(20, 20, 30))
    assert shelf.beside()("fake", 0, 5) == "the real's face was cut out elsewhere"
    with pytest.raises(StoreError, match="has no crop of track 0 in frame 6"):
        shelf.beside()("fake", 0, 6)


@pytest.mark.parametrize("method", ["faceswap", "reenact", "seamless"])
def test_on_the_demo_the_difference_lies_inside_the_mask_of_the_forger(
    shelf: Shelf, tmp_path: Path, method: str
) -> None:
    """The clips are decoded from their files, so what the encoder changed is in the difference as well."""
    design = DemoDesign(num_people=6, min_seconds=0.16, max_seconds=0.2, extras=False)
    take = next(take for take in plan(design) if any(video.method == method for video in take.videos))
    shoot(design, take, tmp_path)
    painted = next(islice(frames(design, take), 2, None))  # before they are encoded
    place = next(i for i, video in enumerate(take.videos) if video.method == method)
    mask = (painted[0] != painted[place]).any(2)
    (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis))[[0, -1]] for axis in (1, 0))
    square = Region(int(left) - 20, int(top) - 20, int(max(bottom - top, right - left)) + 40)
    for name, video in {"real": take.videos[0], "fake": take.videos[place]}.items():
        shelf.put(name, read(tmp_path / video.path, [2])[0], square)
    shown = shelf.beside()("fake", 0, 5)
    assert isinstance(shown, dict)
    energy = ((shown[DIFFERENCE].astype(float) - 128) ** 2).sum(2)
    inside = crop(np.repeat(mask[..., None], 3, 2).astype(np.uint8), square, 500)[..., 0] > 0
    assert 0.1 < inside.mean() < 0.5 and energy[inside].sum() > 0.85 * energy.sum()
