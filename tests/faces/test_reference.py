"""What a fake takes from its real: the boxes, if the recipe says so, and which face was changed; and their geometry."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.faces.extract import extract
from deepfake.faces.finders import Faces
from deepfake.faces.recipe import Recipe
from deepfake.faces.reference import aligned, partners, people_of
from deepfake.faces.tracklet import Tracklet, smooth
from deepfake.faces.video_faces import extract_video
from deepfake.store import CROP_COLUMNS, SQUARE, FaceStore
from tests.faces.test_extract import RECIPE, contents
from tests.fakes import Box, BrightSquares, frames_with, no_face, one_face, two_faces, write_video

REUSE = {**RECIPE, "reuse_boxes": True}
SAME_BYTES = {"x264-params": "mbtree=0"}  # in every run: see deepfake.demo.encode
PAIRS = {"a/fake": "b/real"}  # the fake's id comes first, but the fake waits for its real

looked_at: list[int] = []


class Counting(BrightSquares):
    """Records how many frames each call is given."""

    def find(self, frames: np.ndarray) -> list[Faces]:
        looked_at.append(len(frames))
        return super().find(frames)


def run(root: Path, paths: Mapping[str, Path], recipe: dict = REUSE, pairs: Mapping[str, str] = PAIRS) -> FaceStore:
    """Do what `extract` does, in this process: reals, then fakes."""
    store = new_store(root, recipe)
    looked_at.clear()
    for video_id in sorted(paths, key=lambda name: (name in pairs, name)):
        real_id = pairs.get(video_id)
        found = extract_video(video_id, paths[video_id], Counting(), Recipe(**recipe), store, real_id=real_id)
        store.write(found.row, found.crops, found.images)
    store.build_tables(paths)
    return store


def new_store(root: Path, recipe: dict = REUSE) -> FaceStore:
    return FaceStore(root / "faces", {"finder": {"_target_": "x.Squares"}, **recipe}).open()


def pair(root: Path, real: np.ndarray, fake: np.ndarray) -> dict[str, Path]:
    clips = {"a/fake": (root / "fake.mp4", fake), "b/real": (root / "real.mp4", real)}
    return {video_id: write_video(*clip, options=SAME_BYTES) for video_id, clip in clips.items()}


def shifted(face: Callable[[int], list[Box]], pixels: int) -> Callable[[int], list[Box]]:
    return lambda t: [(x0 + pixels, y0, x1 + pixels, y1) for x0, y0, x1, y1 in face(t)]


def crops_of(store: FaceStore, video_id: str) -> pd.DataFrame:
    crops = store.crops()
    return crops[crops["video_id"] == video_id].drop(columns="video_id").reset_index(drop=True)


def test_a_fake_takes_its_reals_boxes(tmp_path: Path) -> None:
    paths = pair(tmp_path, frames_with(one_face, 40), frames_with(shifted(one_face, 3), 40))
    store = run(tmp_path, paths)
    assert store.videos()["boxes"].to_dict() == {"a/fake": "reused", "b/real": "detected"}
    pd.testing.assert_frame_equal(crops_of(store, "a/fake"), crops_of(store, "b/real"))
    assert looked_at == [4, 4]  # the segments of the real, and no frame of the fake
    assert store.videos()["num_detected"].to_dict() == {"a/fake": 0, "b/real": 8}


def test_boxes_are_detected_unless_the_recipe_reuses_them(tmp_path: Path) -> None:
    paths = pair(tmp_path, frames_with(one_face, 40), frames_with(shifted(one_face, 3), 40))
    store = run(tmp_path, paths, RECIPE)
    assert store.videos()["boxes"].to_dict() == {"a/fake": "detected", "b/real": "detected"}
    moved = crops_of(store, "a/fake")[SQUARE] - crops_of(store, "b/real")[SQUARE]
    assert set(moved["x"]) == {3}


@pytest.mark.parametrize(
    ("fake", "boxes"),
    [
        (np.pad(frames_with(one_face, 40), ((0, 0), (0, 2), (0, 4), (0, 0)), "edge"), "reused"),
        (np.pad(frames_with(one_face, 40), ((0, 0), (0, 0), (0, 8), (0, 0)), "edge"), "detected"),
        (frames_with(one_face, 41), "detected"),
        (frames_with(shifted(one_face, 30), 40), "detected"),
        (frames_with(no_face, 40), ""),
    ],
    ids=["a few pixels more", "another size", "another length", "another place", "no face"],
)
def test_only_a_fake_that_agrees_with_its_real_takes_its_boxes(fake: np.ndarray, boxes: str, tmp_path: Path) -> None:
    store = run(tmp_path, pair(tmp_path, frames_with(one_face, 40), fake))
    assert store.videos().at["a/fake", "boxes"] == boxes


def test_a_real_without_a_face_and_one_that_is_not_there_give_no_boxes(tmp_path: Path) -> None:
    paths = pair(tmp_path, frames_with(no_face, 40), frames_with(one_face, 40))
    store = run(tmp_path, paths)
    assert store.videos()["boxes"].to_dict() == {"a/fake": "detected", "b/real": ""}
    alone = run(tmp_path / "alone", {"a/fake": paths["a/fake"]})
    assert alone.videos()["boxes"].to_dict() == {"a/fake": "detected"}


def two_with(right: int) -> np.ndarray:
    """Draw two faces, of which the right and smaller one has this grey."""
    frames = frames_with(two_faces, 40)
    frames[:, 40:80, 100:140] = right
    return frames


@pytest.mark.parametrize("recipe", [RECIPE, REUSE], ids=["detected", "reused"])
def test_the_largest_face_comes_first_and_the_row_says_which_was_changed(recipe: dict, tmp_path: Path) -> None:
    paths = pair(tmp_path, two_with(255), two_with(215))
    store = run(tmp_path, paths, recipe)
    crops = crops_of(store, "a/fake")
    assert crops.groupby("track")["face_width"].first().tolist() == pytest.approx([60, 40], abs=1)
    assert store.videos()["changed_track"].to_dict() == {"a/fake": 1, "b/real": -1}
    unpaired = run(tmp_path / "unpaired", paths, recipe, {})
    assert unpaired.videos().at["a/fake", "changed_track"] == -1


@pytest.mark.parametrize("settings", [SAME_BYTES, {**SAME_BYTES, "crf": "12"}, {**SAME_BYTES, "crf": "14"}], ids=str)
def test_without_a_clear_difference_no_face_counts_as_changed(settings: dict[str, str], tmp_path: Path) -> None:
    """Two encodings of one clip differ a little, and by chance more in one face than in the other."""
    paths = pair(tmp_path, two_with(255), two_with(255))
    write_video(paths["a/fake"], two_with(255), options=settings)
    store = run(tmp_path, paths)
    assert store.videos().at["a/fake", "changed_track"] == -1


def test_a_fake_waits_for_its_real(tmp_path: Path) -> None:
    paths = pair(tmp_path, two_with(255), two_with(215))
    store = new_store(tmp_path / "extracted")
    rows = extract(store.todo(paths), store, BrightSquares, Recipe(**REUSE), pairs=PAIRS, num_workers=2)  # type: ignore[arg-type]
    assert [row.video_id for row in rows] == ["b/real", "a/fake"]
    store.build_tables(paths)
    assert contents(store.root) == contents(run(tmp_path / "again", paths).root)


LEFT, RIGHT = [0.0, 0.0, 60.0, 60.0], [100.0, 0.0, 140.0, 50.0]


def still(box: list[float], frames: range = range(4)) -> Tracklet:
    n = len(frames)
    return Tracklet(np.array(frames), np.array([box] * n, np.float32), np.ones(n), np.zeros((n, 5, 2)))


def test_only_equal_lengths_and_all_but_equal_sizes_are_aligned() -> None:
    assert aligned((40, 240, 320), (40, 244, 316))
    assert not aligned((40, 240, 320), (41, 240, 320))
    assert not aligned((40, 240, 320), (40, 240, 326))


def test_partners_are_one_to_one_and_overlap() -> None:
    reals = [still(LEFT), still(RIGHT)]
    assert partners([still(RIGHT), still(LEFT)], reals) == {0: 1, 1: 0}
    assert partners([still([200, 0, 240, 40]), still(RIGHT), still(LEFT)], reals) == {1: 1, 2: 0}
    assert partners([still(LEFT, range(10, 14))], reals) == {}  # no frame in common


def test_a_stored_box_comes_back_as_it_was() -> None:
    boxes = np.random.default_rng(0).uniform(0, 4000, (5, 4)).astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    face = smooth(boxes)
    row = [0, 0, 3, 0, 0, 9, face.x, face.y, face.width, face.height, 0.9, *range(10)]
    (back,) = people_of(pd.DataFrame([row], columns=CROP_COLUMNS))
    assert smooth(back.boxes) == face
    assert back.tracklets[0].landmarks[0].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
