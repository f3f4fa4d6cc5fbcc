"""Both benchmarks of faces at a size that takes a minute, and their arithmetic checked against hand-made numbers."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.faces.boxes import share_found
from benchmarks.faces.clips import draw, enlarge, prolong
from benchmarks.faces.plain import one_image
from benchmarks.faces.speed import jobs, stored_boxes
from deepfake.faces.finders import Finder, retinaface, retinaface_mobilenet
from deepfake.store import CROP_COLUMNS, ENCODING
from deepfake.video.door import probe, read
from tests.conftest import Run

TINY = ["seconds=1", "height=240", "width=320", "repeats=1", "faces.num_segments=3", "extract.num_workers=1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of 25 frames with one person each."""
    folder = tmp_path_factory.mktemp("clips")
    for number in range(2):
        draw(folder / f"{number}.mp4", number, 240, 320, 1)
    return folder


def test_share_found() -> None:
    box = np.array([[0.0, 0.0, 10.0, 10.0]])
    far = box + 100
    # Shifted by 3 along x the IoU is 70 / 130 = 0.54, by 4 it is 60 / 140 = 0.43.
    wanted = {("a", 0): np.concatenate([box, far]), ("a", 1): box, ("a", 2): box, ("a", 3): np.zeros((0, 4))}
    by_3, by_4 = (box + np.array([shift, 0, shift, 0]) for shift in (3, 4))
    found = {("a", 0): by_3, ("a", 1): by_4, ("b", 2): box, ("a", 3): box}
    assert share_found(wanted, found) == 1 / 4
    assert share_found(found, wanted) == 1 / 4
    assert share_found(wanted, wanted) == 1
    assert share_found({("a", 3): np.zeros((0, 4))}, found) is None


def test_every_worker_gets_as_much_of_every_file() -> None:
    todo = jobs([Path("a"), Path("b")], 3, 2)
    assert len(todo) == 12 and list(todo.values()) == [Path("a")] * 6 + [Path("b")] * 6


def test_stored_boxes_are_those_of_one_id_a_file() -> None:
    row = dict.fromkeys(CROP_COLUMNS, 0) | {"frame": 7, "face_width": 4.0, "face_height": 2.0}
    rows = [row | {"video_id": id_, "face_x": x} for id_, x in (("000-00002", 50.0), ("000-00000", 10.0))]
    rows.append(row | {"video_id": "001-00001", "face_x": 30.0})
    store = SimpleNamespace(crops=lambda: pd.DataFrame(rows))
    boxes = {key: found.tolist() for key, found in stored_boxes(store).items()}  # type: ignore[arg-type]
    assert boxes == {("000", 7): [[8.0, -1.0, 12.0, 1.0]], ("001", 7): [[28.0, -1.0, 32.0, 1.0]]}


def test_a_drawn_clip_moves(folder: Path) -> None:
    info = probe(folder / "0.mp4")
    assert (info.num_frames, info.fps, info.height, info.width) == (25, 25, 240, 320)
    first, last = read(folder / "0.mp4", [0, 24]).astype(np.int16)
    assert np.abs(first - last).mean() > 1


def test_a_long_video_is_the_short_one_again_and_again(folder: Path, tmp_path: Path) -> None:
    prolong(folder / "0.mp4", tmp_path / "long.mp4", 4.2 / 60)
    info = probe(tmp_path / "long.mp4")
    assert (info.num_frames, info.fps) == (100, 25)
    once, again = read(folder / "0.mp4", [3, 24]), read(tmp_path / "long.mp4", [3, 24, 53, 74, 99])
    assert np.array_equal(again, once[[0, 1, 0, 1, 1]])
    with av.open(str(tmp_path / "long.mp4")) as container:
        times = [frame.pts for frame in container.decode(video=0)]
    assert len(set(np.diff(times))) == 1


def test_a_large_video_shows_the_same(folder: Path, tmp_path: Path) -> None:
    enlarge(folder / "0.mp4", tmp_path / "large.mp4", 480, 10)
    info = probe(tmp_path / "large.mp4")
    assert (info.num_frames, info.height, info.width) == (10, 480, 640)
    small, large = read(folder / "0.mp4", [5]), read(tmp_path / "large.mp4", [5])
    assert np.abs(small.astype(np.int16) - large[:, ::2, ::2]).mean() < 5


@pytest.fixture
def finders(tmp_path: Path) -> Iterator[Finder]:
    """Both RetinaFaces with random weights, which see faces in noise."""
    torch.manual_seed(0)
    torch.save(retinaface.resnet50_network().state_dict(), tmp_path / "resnet.pth")
    torch.save(retinaface_mobilenet.mobilenet_network().state_dict(), tmp_path / "mobilenet.pth")
    return iter(
        (
            retinaface.RetinaFace(weights=tmp_path / "resnet.pth", max_size=128, min_score=0.5),
            retinaface_mobilenet.RetinaFaceMobileNet(weights=tmp_path / "mobilenet.pth", max_size=128, min_score=0.5),
        )
    )


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (192, 256)])
def test_the_plain_loop_finds_what_ours_finds(finders: Iterator[Finder], size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    for finder in finders:
        theirs, ours = one_image(finder)(frame), finder.find(frame[None])[0]
        assert len(ours) > 0
        assert theirs.boxes == pytest.approx(ours.boxes, abs=0.05)
        assert theirs.scores == pytest.approx(ours.scores, abs=1e-4)
        assert theirs.landmarks == pytest.approx(ours.landmarks, abs=0.05)


def test_finders_want_videos(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("benchmark", "benchmark=finders") == 1
    assert "add input=FOLDER to the command" in capfd.readouterr().err


def test_videos_that_are_too_short(script: Run, capfd: pytest.CaptureFixture[str], folder: Path) -> None:
    assert script("benchmark", "benchmark=extraction", f"input={folder}", "faces.segment_length=30") == 1
    assert "0.mp4 has 25 frames, but a segment needs 30: use a longer video" in capfd.readouterr().err


@pytest.mark.slow
def test_finders(script: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path, folder: Path) -> None:
    assert (
        script("benchmark", "benchmark=finders", f"input={folder}", *TINY, f"paths.output_dir={tmp_path / 'out'}") == 0
    )
    shown = capfd.readouterr()
    assert "retinaface is left out: give its weights as weights.retinaface=PATH" in shown.err + shown.out
    numbers = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert numbers["num_videos"] == 2 and list(numbers["finders"]) == ["mtcnn"]
    mtcnn = numbers["finders"]["mtcnn"]
    assert (mtcnn["num_frames"], mtcnn["num_tracks"], mtcnn["share_found_by"]) == (48, 2, {})
    assert mtcnn["num_faces"] >= 45 and mtcnn["frames_per_second"] > 0


@pytest.mark.slow
@pytest.mark.timeout(900)  # processes that import torch are started about fifteen times
def test_extraction(script: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = [*TINY, "num_videos=2", "sizes=[1,12]", "memory.minutes=0.1", "memory.height=480"]
    assert script("benchmark", "benchmark=extraction", *small, f"paths.output_dir={tmp_path / 'out'}") == 0
    assert "benchmark  out/benchmark.json" in capfd.readouterr().out
    check(json.loads((tmp_path / "out" / "benchmark.json").read_text()))


def check(numbers: dict[str, Any]) -> None:
    assert numbers["benchmark"] == "extraction" and numbers["machine"]["cores"] >= 1
    setting = numbers["setting"]
    assert (setting["num_videos"], setting["height"], setting["width"]) == (2, 240, 320)
    assert setting["frames_of_the_first"] == 24 and setting["video_seconds"] == pytest.approx(1)
    for way in ("ours", "decode", "fakes"):
        part = numbers[way]
        assert part["counts"] == [2, 24]
        assert part["medians"][0] < part["medians"][-1]
        assert part["seconds_per_video"] > 0 and 0 <= part["largest_deviation"] < 1
    assert numbers["plain"]["seconds_per_video"] > 0 and len(numbers["plain"]["seconds"]) == 1
    ratios = numbers["ratios"]
    assert ratios["ours_to_decode"] > 0 and ratios["ours_to_plain"] > 0
    ours, plain = (numbers[way]["video_seconds_per_second"] for way in ("ours", "plain"))
    assert ratios["ours_to_plain"] == pytest.approx(ours / plain)
    assert numbers["faces"]["plain"] > 40 and 0.9 < numbers["faces"]["share_found"] <= 1
    assert numbers["fakes"]["share_reused"] == 1 and numbers["fakes"]["over_decoding"] > -1
    assert list(numbers["parts"]) == ["decode", "detect", "link and crop", "encode and write"]
    assert all(seconds > 0 for seconds in numbers["parts"].values())
    assert list(numbers["memory"]) == ["clip", "long", "large"]
    for peak in numbers["memory"].values():
        assert 100e6 < peak["largest"] <= peak["total"]
    assert list(numbers["formats"]) == list(ENCODING)
    for row in numbers["formats"].values():
        assert min(row["bytes"], row["encode_ms"], row["decode_ms"], row["num_crops"]) > 0
    assert numbers["formats"]["jpg"]["bytes"] < numbers["formats"]["png"]["bytes"]
