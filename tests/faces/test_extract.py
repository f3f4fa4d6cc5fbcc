"""Videos to face store, with drawn squares for faces: what is stored, what is not repeated, and what is survived."""

import hashlib
import shutil
from functools import partial
from multiprocessing import parent_process
from pathlib import Path

import pytest
import yaml

from deepfake.errors import ConfigError
from deepfake.faces import video_faces
from deepfake.faces.extract import extract
from deepfake.faces.finders import Finder
from deepfake.faces.recipe import Recipe
from deepfake.schema import Status
from deepfake.store import CROP_COLUMNS, PLACE, FaceStore, Pile, recipe_name
from deepfake.video.door import READERS
from tests.fakes import BrightSquares, frames_with, no_face, one_face, two_faces, write_video

RECIPE = {
    "num_segments": 2,
    "segment_length": 4,
    "margin": 1.3,
    "max_crop_size": 512,
    "min_score": 0.5,
    "min_face_size": 20,
    "min_track_length": 2,
    "image_format": "png",
}


def run(paths: dict[str, Path], root: Path, recipe: dict = RECIPE, **options: object) -> FaceStore:
    plain = {"finder": {"_target_": "tests.fakes.BrightSquares"}, **recipe}
    store = FaceStore(root / recipe_name(plain), plain).open()
    options = {"num_workers": 1, **options}
    list(extract(store.todo(paths), store, BrightSquares, Recipe(**recipe), **options))  # type: ignore[arg-type]
    store.build_tables(paths)
    return store


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("videos")
    paths = {
        "real/one": write_video(root / "one.mp4", frames_with(one_face, 40)),
        "fake/two": write_video(root / "two.mp4", frames_with(two_faces, 40)),
        "none": write_video(root / "none.mp4", frames_with(no_face, 40)),
        "short": write_video(root / "short.mp4", frames_with(one_face, 3)),
    }
    (root / "text.mp4").write_text("no video\n")
    return {**paths, "text": root / "text.mp4", "gone": root / "gone.mp4"}


@pytest.fixture(scope="module")
def store(videos: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    return run(videos, tmp_path_factory.mktemp("faces"))


def contents(root: Path) -> dict[str, str]:
    """Hash every file of a store; for tables, whose files have random names, hash their rows."""
    files = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent.name != "tables"
    }
    store = FaceStore(root, yaml.safe_load((root / "recipe.yaml").read_text()))
    tables = {"videos": store.videos(), "crops": store.crops(columns=[*CROP_COLUMNS, *PLACE])}
    return files | {name: hashlib.sha256(table.to_csv().encode()).hexdigest() for name, table in tables.items()}


def with_all_crops_in_files() -> Finder:
    if parent_process() is not None:
        video_faces.Pile = partial(Pile, most=0)  # type: ignore[misc, assignment]
    return BrightSquares()


def test_crops_that_wait_in_a_file_are_stored_as_those_in_memory(
    videos: dict[str, Path], store: FaceStore, tmp_path: Path
) -> None:
    """The workers' crops; what they find of a file that is cut off or has no face leaves no file either."""
    other = FaceStore(tmp_path / store.root.name, store.recipe).open()
    list(extract(videos, other, with_all_crops_in_files, Recipe(**RECIPE), num_workers=2))  # type: ignore[arg-type]
    other.build_tables(videos)
    assert contents(other.root) == contents(store.root)
    assert not [*(other.root / "partial").iterdir()]


def test_every_video_has_a_row_with_a_status_and_a_reason(store: FaceStore) -> None:
    rows = store.videos()
    assert rows["status"].to_dict() == {
        "real/one": Status.OK,
        "fake/two": Status.OK,
        "none": Status.NO_FACE,
        "short": Status.TOO_SHORT,
        "text": Status.UNREADABLE,
        "gone": Status.UNREADABLE,
    }
    assert (rows["reason"] == "").to_dict() == {name: status == Status.OK for name, status in rows["status"].items()}
    assert rows.loc["real/one", ["num_frames", "height", "width", "num_sampled", "num_faces"]].tolist() == [
        40,
        120,
        160,
        8,
        1,
    ]
    assert rows.at["fake/two", "num_faces"] == 2


def test_the_main_share_counts_the_segments_with_the_main_face(videos: dict[str, Path], tmp_path: Path) -> None:
    def leaves(t: int) -> list[tuple[int, int, int, int]]:
        return [*one_face(t)] if t < 20 else []

    def other_stays(t: int) -> list[tuple[int, int, int, int]]:
        return [(100, 40, 140, 80), *([(10, 20, 70, 80)] if t < 20 else [])]

    paths = {
        "whole": videos["real/one"],
        "leaves": write_video(tmp_path / "leaves.mp4", frames_with(leaves, 40)),
        "other": write_video(tmp_path / "other.mp4", frames_with(other_stays, 40)),
        "none": videos["none"],
    }
    store = run(paths, tmp_path)
    assert store.videos()["main_share"].to_dict() == {"whole": 1, "leaves": 0.5, "other": 0.5, "none": 0}


def test_crops_are_where_the_faces_are(store: FaceStore) -> None:
    crops = store.crops()
    one = crops[crops["video_id"] == "real/one"]
    assert one["frame"].tolist() == [8, 9, 10, 11, 28, 29, 30, 31]
    assert one["segment"].tolist() == [0] * 4 + [1] * 4
    # The square box of a segment is still: 50 px wide, its centre at 65 + t // 4 for t around 9 and 29.
    assert one.groupby("segment")["face_x"].nunique().tolist() == [1, 1]
    assert one.groupby("segment")["face_x"].first().tolist() == pytest.approx([67, 72], abs=1)
    assert one["face_width"].tolist() == pytest.approx([50] * 8, abs=1)
    image = store.image("real/one", 0, 9)
    assert image.shape == (one["size"].iloc[1],) * 2 + (3,)
    assert image.shape[0] == pytest.approx(65, abs=2)
    inner = image[12:-12, 12:-12]
    assert inner.min() > 200  # the white square
    assert image[:3].max() < 200  # and what is around it


def test_the_larger_face_is_the_main_track(store: FaceStore) -> None:
    crops = store.crops()
    two = crops[crops["video_id"] == "fake/two"].groupby("track")["face_width"].first()
    assert two.tolist() == pytest.approx([60, 40], abs=1)


def test_nothing_is_done_twice(store: FaceStore, videos: dict[str, Path]) -> None:
    assert store.todo(videos) == {}


def test_an_interrupted_extraction_resumes_to_the_same_store(
    store: FaceStore, videos: dict[str, Path], tmp_path: Path
) -> None:
    interrupted = FaceStore(tmp_path / store.root.name, store.recipe).open()
    rows = extract(videos, interrupted, BrightSquares, Recipe(**RECIPE), num_workers=1)  # type: ignore[arg-type]
    next(rows)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    done = len(videos) - len(interrupted.todo(videos))
    assert 2 <= done < len(videos)
    run(videos, tmp_path)
    assert contents(interrupted.root) == contents(store.root)


def test_two_workers_give_the_same_store(store: FaceStore, videos: dict[str, Path], tmp_path: Path) -> None:
    assert contents(run(videos, tmp_path, num_workers=2).root) == contents(store.root)


@pytest.mark.parametrize("damage", ["a bit", "its end is gone", "empty", "gone", "the tables too"])
def test_the_same_command_repairs_a_damaged_archive(
    damage: str, store: FaceStore, videos: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(store.root, tmp_path / store.root.name)
    path = tmp_path / store.root.name / "crops/fake/two.zip"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    match damage:
        case "a bit":
            path.write_bytes(content)
        case "its end is gone":
            path.write_bytes(content[:-100])
        case "gone":
            path.unlink()
        case _:
            path.write_bytes(b"")
    if damage == "the tables too":
        shutil.rmtree(tmp_path / store.root.name / "tables")
    repaired = run(videos, tmp_path)
    assert contents(repaired.root) == contents(store.root)
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (damage != "gone") and all(f"{path} is damaged" in line for line in warnings)


def test_another_recipe_is_another_folder(store: FaceStore, videos: dict[str, Path], tmp_path: Path) -> None:
    other = run({"none": videos["none"]}, tmp_path, {**RECIPE, "margin": 2.0})
    assert other.root.name != store.root.name


def test_a_file_that_changed_is_extracted_again(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames_with(no_face, 12))
    assert run({"a": path}, tmp_path / "faces").videos().at["a", "status"] == Status.NO_FACE
    write_video(path, frames_with(one_face, 12))
    assert run({"a": path}, tmp_path / "faces").videos().at["a", "status"] == Status.OK


@pytest.mark.parametrize("name", ["detect_every", "num_segments", "segment_length"])
def test_a_recipe_for_no_frames_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"faces.{name} is 0: give a whole number from 1"):
        Recipe(**{**RECIPE, name: 0})  # type: ignore[arg-type]


def test_a_frozen_segment_is_lost_and_repeated_frames_are_counted(tmp_path: Path) -> None:
    frames = frames_with(one_face, 40)
    frames[20:] = frames[20]  # the second half stands still
    frames[10] = frames[9]
    store = run({"a": write_video(tmp_path / "a.mkv", frames, codec="ffv1", pixels="bgr0")}, tmp_path / "faces")
    row = store.videos().loc["a"]
    assert (row["status"], row["reason"]) == (Status.OK, "1 of 2 segments show a frozen picture")
    assert (row["num_sampled"], row["num_repeated"]) == (4, 1)
    assert set(store.crops()["segment"]) == {0}


def test_a_still_picture_is_no_video(tmp_path: Path) -> None:
    frames = frames_with(one_face, 1).repeat(40, axis=0)
    store = run({"a": write_video(tmp_path / "a.mkv", frames, codec="ffv1", pixels="bgr0")}, tmp_path / "faces")
    assert store.videos().loc["a", ["status", "reason"]].tolist() == [
        "unreadable",
        "it shows a frozen picture; 2 of 2 segments show a frozen picture",
    ]


@pytest.mark.parametrize("reader", READERS)
def test_the_reader_is_the_one_that_was_asked_for(reader: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames_with(one_face, 40))
    rows = extract({"a": path}, run({}, tmp_path / "faces"), BrightSquares, Recipe(**RECIPE), readers=(reader,))  # type: ignore[arg-type]
    assert [(row.status, row.reader) for row in rows] == [(Status.OK, reader)]
