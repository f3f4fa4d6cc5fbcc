"""Several detectors over one extraction, against the same detectors alone and a loop of Python."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfake.models.detector import Detector
from deepfake.schema import Status
from deepfake.verdict import Because, FileResult, Predictor
from deepfake.verdict import predictor as predictor_module
from deepfake.verdict.annotate import annotate, annotated_path
from deepfake.verdict.load import dense_recipe
from deepfake.video.door import read
from tests.verdict.marked import mark_detector, predictor, untrained
from tests.verdict.scenes import scenes, shoot


def together(**detectors: Detector) -> Predictor:
    """Return a predictor of several detectors with equal weights."""
    alone = {name: of_one(each).scorers[0] for name, each in detectors.items()}
    scorers = [replace(alone[name], name=name, weight=1 / len(alone)) for name in sorted(alone)]
    return replace(of_one(mark_detector()), scorers=tuple(scorers))


def of_one(detector: Detector) -> Predictor:
    return predictor(detector, num_segments=2, num_workers=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    shoot(folder / "two.mp4", scenes(3, 8)["a left, b right"], 3)
    Image.fromarray(read(folder / "two.mp4", [0])[0]).save(folder / "picture.png")
    (folder / "text.mp4").write_text("no video")
    return folder


def results(of: Predictor, folder: Path) -> dict[str, FileResult]:
    return {Path(each.path).name: each for each in of.predict_many(folder)}


@pytest.fixture(scope="module")
def found(folder: Path) -> tuple[dict[str, FileResult], int]:
    """The results of a detector of windows and one of frames together, and how many videos were extracted for them."""
    extracted = []
    extract = predictor_module.extracted_rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            predictor_module, "extracted_rows", lambda todo, *rest: extracted.extend(todo) or extract(todo, *rest)
        )
        return results(together(windows=untrained(), frames=mark_detector(1)), folder), len(extracted)


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, dict[str, FileResult]]:
    return {"frames": results(of_one(mark_detector(1)), folder), "windows": results(of_one(untrained()), folder)}


def test_each_says_what_it_says_alone_and_the_mean_is_a_plain_loop(
    found: tuple[dict[str, FileResult], int], alone: dict[str, dict[str, FileResult]]
) -> None:
    whole, num_extracted = found
    assert num_extracted == 3  # once, whatever the number of detectors
    two = whole["two.mp4"]
    assert [each.detector for each in two.detectors] == ["frames", "windows"] and len(two.persons) == 2
    for place, name in enumerate(("frames", "windows")):
        one = alone[name]["two.mp4"]
        assert (two.detectors[place].score, two.detectors[place].person) == (one.score, one.person)
        for ours, theirs in zip(two.persons, one.persons, strict=True):
            assert ours.detectors[place].score == theirs.score is not None  # to the last bit
            clips = {(clip.start_frame, clip.end_frame): clip.scores[place] for clip in ours.clips}
            assert {(clip.start_frame, clip.end_frame): clip.score for clip in theirs.clips}.items() <= clips.items()
            assert ours.box == theirs.box and ours.thumbnail == theirs.thumbnail
    for place, person in enumerate(two.persons):
        scores = [alone[name]["two.mp4"].persons[place].score for name in ("frames", "windows")]
        mean = sum(math.log(p / (1 - p)) for p in scores if p is not None) / 2
        assert person.score == pytest.approx(1 / (1 + math.exp(-mean)), rel=1e-14)
    assert two.score == max(person.score or 0 for person in two.persons)
    assert two.num_clips == sum(alone[name]["two.mp4"].num_clips for name in alone)


def test_what_one_cannot_see_has_no_combined_score(
    found: tuple[dict[str, FileResult], int], alone: dict[str, dict[str, FileResult]]
) -> None:
    picture, text = found[0]["picture.png"], found[0]["text.mp4"]
    assert (picture.score, picture.because, picture.status) == (None, Because.TOO_SHORT, Status.TOO_SHORT)
    assert picture.detectors[0].score == alone["frames"]["picture.png"].score is not None
    assert "windows: no face lasts long enough for a clip of 4 frames" in picture.reason
    assert replace(text, detectors=()) == alone["frames"]["text.mp4"] and not text.readable


def test_order_and_batches_change_nothing(found: tuple[dict[str, FileResult], int], folder: Path) -> None:
    other = replace(together(frames=mark_detector(1), windows=untrained()), batch_size=1)
    assert results(other, folder) == found[0]
    assert other.identity() == together(windows=untrained(), frames=mark_detector(1)).identity()


def test_an_annotated_copy_shows_both(found: tuple[dict[str, FileResult], int], folder: Path, tmp_path: Path) -> None:
    source = Path(shutil.copy(folder / "two.mp4", tmp_path))
    target = annotated_path(source, tmp_path)
    annotate(source, target, found[0]["two.mp4"], [0.5, 0.5])
    drawn, plain = (read(path, [2])[0].astype(int) for path in (target, source))
    assert np.abs(drawn - plain).max() > 100


def test_segments_are_twice_as_long_as_the_longest_window() -> None:
    specs = [mark_detector(length).spec for length in (1, 4, 6)]
    recipe = dense_recipe({"segment_length": 8, "margin": 1.3}, specs)
    assert recipe == {"segment_length": 12, "margin": 1.3, "num_segments": "all"}
    assert dense_recipe({"segment_length": 40}, specs)["segment_length"] == 40
    assert dense_recipe({"segment_length": 8}, specs[:2])["segment_length"] == 8
    apart = replace(specs[1], frame_stride=3)  # 4 frames that span 10
    assert dense_recipe({"segment_length": 8}, [apart])["segment_length"] == 20
    assert dense_recipe({"segment_length": 8}, specs[:1])["segment_length"] == 8  # single frames need no overlap
