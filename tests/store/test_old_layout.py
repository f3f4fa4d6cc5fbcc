"""Stores of the layout of before, a folder a video, are brought over: with the same faces, and through every harm."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from deepfake.store import FaceStore, old_layout
from tests.store.made import complete, corpus, faces_of, new, require_truth

NAMES = ("a", "a/b", "a/0", "c/d")  # one has others in its folder, and one of these is called like a track


def old_store(root: Path, paths: dict[str, Path]) -> FaceStore:
    """A store as it was: folders, and two tables."""
    store = new(root)
    for video_id, path in paths.items():
        row, crops, images = faces_of(video_id, path)
        folder = root / "crops" / video_id
        folder.mkdir(parents=True, exist_ok=True)
        known = {name: value for name, value in asdict(row).items() if name not in ("path", "modified_ns")}
        (folder / "video.json").write_text(json.dumps(known))
        crops.to_csv(folder / "crops.csv", index=False)
        for crop, image in zip(crops.itertuples(), images, strict=True):
            (folder / str(crop.track)).mkdir(exist_ok=True)
            (folder / f"{crop.track}/{crop.frame:06d}.png").write_bytes(store.encode(image))
    for name in old_layout.TABLES:
        (root / name).write_text("of the layout of before")
    return store


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return corpus(tmp_path / "corpus", *NAMES)


def left_of_it(root: Path) -> list[str]:
    """Files and folders that only the old layout has."""
    found = [path for path in (root / "crops").rglob("*") if not path.name.endswith(".zip")]
    expected = {(root / "crops" / name).parent for name in NAMES}
    return [path.relative_to(root).as_posix() for path in found if path not in expected]


def test_an_old_store_is_brought_over_with_the_same_faces(
    paths: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    store = old_store(tmp_path / "store", paths)
    assert complete(store, paths) == []
    assert "4 videos had a folder each, which is an archive now" in [record.message for record in caplog.records]
    require_truth(new(tmp_path / "store"), paths)
    assert left_of_it(tmp_path / "store") == [] and not (tmp_path / "store/crops.parquet").exists()
    assert (tmp_path / "store/videos.csv").read_text().startswith("video_id,")
    caplog.clear()
    assert complete(new(tmp_path / "store"), paths) == [] and not caplog.records


def test_parts_of_it_are_brought_over_by_who_needs_them(paths: dict[str, Path], tmp_path: Path) -> None:
    """As shards do: what one leaves, another takes."""
    old_store(tmp_path / "store", paths)
    for name in reversed(NAMES):
        store = new(tmp_path / "store")
        assert store.todo({name: paths[name]}) == {}
    assert complete(new(tmp_path / "store"), paths) == []
    require_truth(new(tmp_path / "store"), paths)
    assert left_of_it(tmp_path / "store") == []


@pytest.mark.parametrize("moment", range(40))
def test_killed_at_any_moment_it_goes_on_from_there(
    moment: int, paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that is written, renamed or removed is a moment."""
    store = old_store(tmp_path / "store", paths)
    left = moment

    def until_then(do: Callable) -> Callable:
        def doing(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return do(*arguments, **options)

        return doing

    with monkeypatch.context() as patch:
        for name in ("unlink", "rmdir", "read_bytes"):
            patch.setattr(Path, name, until_then(getattr(Path, name)))
        patch.setattr("os.replace", until_then(__import__("os").replace))
        try:
            store.todo(paths)
        except KeyboardInterrupt:
            killed = True
        else:
            killed = False
    assert killed == (left < 0)
    assert complete(new(tmp_path / "store"), paths) == []  # nothing is lost
    require_truth(new(tmp_path / "store"), paths)
    assert left_of_it(tmp_path / "store") == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def written(name: str, content: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_text(content)

    return damage


def without_a_column(folder: Path) -> None:
    pd.read_csv(folder / "crops.csv").drop(columns="face_x").to_csv(folder / "crops.csv", index=False)


def with_a_gap(folder: Path) -> None:
    (folder / "crops.csv").write_text((folder / "crops.csv").read_text().replace("\n0,", "\n,", 1))


def a_folder_for_an_image(folder: Path) -> None:
    (folder / IMAGE).unlink()
    (folder / IMAGE).mkdir()


def of_another(folder: Path) -> None:
    (folder / "video.json").write_bytes((folder / "../../c/d/video.json").read_bytes())


IMAGE = "0/000003.png"
DAMAGE: dict[str, Callable[[Path], None]] = {
    "no video.json": lambda folder: (folder / "video.json").unlink(),
    "video.json is empty": written("video.json", ""),
    "video.json is cut": lambda folder: cut(folder / "video.json"),
    "video.json is of another video": of_another,
    "video.json has a word too many": written("video.json", '{"x": 1, "status": "ok"}'),
    "no crops.csv": lambda folder: (folder / "crops.csv").unlink(),
    "crops.csv is empty": written("crops.csv", ""),
    "crops.csv lacks a column": without_a_column,
    "crops.csv has a gap": with_a_gap,
    "an image is missing": lambda folder: (folder / IMAGE).unlink(),
    "an image is cut": lambda folder: cut(folder / IMAGE),
    "an image is empty": written(IMAGE, ""),
    "an image is text": written(IMAGE, "no image"),
    "an image is a folder": a_folder_for_an_image,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_there_is_extracted_again(damage: str, paths: dict[str, Path], tmp_path: Path) -> None:
    old_store(tmp_path / "store", paths)
    DAMAGE[damage](tmp_path / "store/crops/a/b")
    assert complete(new(tmp_path / "store"), paths) == ["a/b"]
    require_truth(new(tmp_path / "store"), paths)


def test_an_image_with_another_bit_is_found(paths: dict[str, Path], tmp_path: Path) -> None:
    """It has no checksum of ours there, but PNG has its own."""
    old_store(tmp_path / "store", paths)
    path = tmp_path / "store/crops/a/b/0/000003.png"
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 1
    path.write_bytes(content)
    assert complete(new(tmp_path / "store"), paths) == ["a/b"]


def test_a_file_that_changed_since_is_extracted_again(paths: dict[str, Path], tmp_path: Path) -> None:
    old_store(tmp_path / "store", paths)
    paths["a/b"].write_bytes(bytes(64))
    assert complete(new(tmp_path / "store"), paths) == ["a/b"]
    require_truth(new(tmp_path / "store"), paths)


def test_two_runs_bring_one_store_over(paths: dict[str, Path], tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    many = {**paths, **corpus(tmp_path / "corpus", *(f"many/{number}" for number in range(20)))}
    old_store(tmp_path / "store", many)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: complete(new(tmp_path / "store"), many), range(3)))
    assert complete(new(tmp_path / "store"), many) == []
    require_truth(new(tmp_path / "store"), many)
