"""The same file has the same result, to the last bit: in any company, batch, place and number of processes."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image

from deepfake.corpora.input_files import input_files
from deepfake.verdict import FileResult, Predictor
from deepfake.video.door import read
from tests.verdict.marked import predictor, untrained
from tests.verdict.scenes import scenes, shoot


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    shown = scenes(3, 8)
    for name in ("crossing", "b leaves"):
        shoot(folder / f"{name}.mp4", shown[name], 3)
    Image.fromarray(read(folder / "crossing.mp4", [0])[0]).save(folder / "picture.png")
    return folder


def results(with_: Predictor, *paths: Path) -> dict[str, FileResult]:
    """Return the result of each file by its name, as if all lay in one folder."""
    return {Path(each.path).name: replace(each, path="") for each in with_.predict_many(paths)}


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, FileResult]:
    found = results(predictor(untrained(), num_segments=2, num_workers=1), folder)
    assert len({each.score for each in found.values()}) == len(found) == 3 and None not in found.values()
    return found


@pytest.mark.parametrize(
    ("batch_size", "extracting", "loading"),
    [(1, 2, 0), *(pytest.param(*each, marks=pytest.mark.slow) for each in ((3, 1, 1), (2, 2, 2)))],
)
def test_batches_and_processes_change_nothing(
    batch_size: int, extracting: int, loading: int, folder: Path, whole: dict[str, FileResult]
) -> None:
    other = predictor(untrained(), num_segments=2, num_workers=extracting, batch_size=batch_size)
    assert results(replace(other, num_workers=loading), folder) == whole


@pytest.mark.parametrize(
    ("given", "passing"), [("webp", "bmp"), ("png", "bmp"), ("jpg", "jpg"), ("webp of every frame", "webp")]
)
def test_crops_that_are_read_once_are_not_compressed_if_that_changes_nothing(
    given: str,
    passing: str,
    folder: Path,
    whole: dict[str, FileResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deepfake.faces.extract.POLL_S", 0.01)
    told = []
    image_format, _, every = given.partition(" ")
    recipe = {"num_segments": "all", "segment_length": 4} if every else {"num_segments": 2}
    one = predictor(untrained(), num_workers=1, image_format=image_format, **recipe)
    watch = lambda file, share: told.append((file.path.name, share))  # noqa: E731
    ((_, result),) = one.stream(input_files([folder / "crossing.mp4"]), tmp_path, watch)
    assert {name for name, _ in told} == {"crossing.mp4"} and all(0 <= share < 1 for _, share in told)
    (store,) = tmp_path.iterdir()
    assert yaml.safe_load((store / "recipe.yaml").read_text())["image_format"] == passing
    assert not [*(store / "crops").iterdir()]
    if passing == "bmp":
        assert replace(result, path="") == whole["crossing.mp4"]


def test_company_order_and_place_change_nothing(folder: Path, whole: dict[str, FileResult], tmp_path: Path) -> None:
    one = predictor(untrained(), num_segments=2, num_workers=1)
    assert results(one, folder / "crossing.mp4") == {"crossing.mp4": whole["crossing.mp4"]}
    for name in whole:
        shutil.copy(folder / name, tmp_path / f"{ {'picture.png': 'a'}.get(name, 'z') } {name}")
    moved = results(one, *sorted(tmp_path.iterdir(), reverse=True))
    assert {name[2:]: each for name, each in moved.items()} == whole
