"""Faces that are more blurred or compressed than what a detector was trained on."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from deepfake.verdict import Because, FileResult, Verdict
from deepfake.verdict.combine import combine
from deepfake.verdict.judge import judge
from deepfake.verdict.quality import Seen, Texture, outside, seen_of
from deepfake.video.door import read
from tests.fakes import write_video
from tests.verdict.marked import predictor, untrained
from tests.verdict.scenes import scenes, shoot
from tests.verdict.test_judge import ALL, ROW, SPEC, track

SEEN = Seen(clips=80, sharpness=0.04, block_grid=0.15)
LIKE, BLURRED, BLOCKS = Texture(0.06, 0.14), Texture(0.0319, 0.14), Texture(0.06, 0.1563)


@pytest.mark.parametrize(
    "texture",
    [LIKE, Texture(0.0321, 0.1562), Texture(math.nan, math.nan)],  # the second is 1.25 times as far, and no more
    ids=["like it", "at the edge", "not measured"],
)
def test_what_is_like_the_training_clips_is_inside(texture: Texture) -> None:
    assert outside(texture, SEEN) is None


@pytest.mark.parametrize(
    ("texture", "because", "words"),
    [
        (BLURRED, Because.BLURRED, "its sharpness is 0.032, and 99 % of 80 training clips have 0.04 or more"),
        (BLOCKS, Because.COMPRESSED, "0.156 of its steps .* and 99 % of 80 training clips have 0.150 or less"),
    ],
)
def test_a_face_outside_has_no_score_and_does_not_count(texture: Texture, because: Because, words: str) -> None:
    unlike, like = replace(track(0, 0.9), texture=texture), replace(track(1, 0.25), texture=LIKE)
    alone = judge("a.mp4", ROW, [unlike], ALL, SPEC, seen=SEEN)
    assert (alone.score, alone.because, alone.verdict) == (None, because, Verdict.INCONCLUSIVE)
    assert alone.raw_score == 0.9 and alone.readable and re.search(words, alone.reason)
    beside = judge("a.mp4", ROW, [unlike, like], ALL, SPEC, seen=SEEN)
    assert (beside.score, beside.person, beside.because) == (0.25, 2, None)
    assert [person.because for person in beside.persons] == [because, None]
    unknown = judge("a.mp4", ROW, [unlike], ALL, SPEC)
    assert unknown.score == 0.9  # an older card does not say what the training clips were like


def test_a_card_tells_what_was_seen() -> None:
    assert seen_of({"quality": {"clips": 80, "sharpness": 0.04, "block_grid": 0.15, "new": 1}}) == SEEN
    assert seen_of({}) is None and seen_of({"quality": None}) is None


def test_other_crops_than_in_training_are_not_compared_by_their_blocks() -> None:
    card = {"quality": {"clips": 80, "sharpness": 0.04, "block_grid": 0.15}}
    assert seen_of(card, ["faces.num_segments", "faces.finder"]) == SEEN
    for option in ("faces.margin", "faces.max_crop_size", "faces.image_format"):
        seen = seen_of(card, [option])
        assert seen is not None and outside(BLOCKS, seen) is None
        assert outside(BLURRED, seen) is not None


def test_of_several_detectors_one_that_was_trained_on_sharper_faces_has_the_say() -> None:
    blurred = [replace(track(0, 0.9), texture=BLURRED)]
    found = [judge("a.mp4", ROW, blurred, ALL, SPEC, seen=seen) for seen in (None, SEEN)]
    both = combine(found, ("a", "b"), (0.5, 0.5), "", ROW.status)
    assert (both.score, both.because) == (None, Because.BLURRED) and "b: of the largest such face" in both.reason
    assert [each.score for each in both.persons[0].detectors] == [0.9, None]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn clip of two, and the same one blurred."""
    folder = tmp_path_factory.mktemp("clips")
    shoot(folder / "sharp.mp4", scenes(3, 8)["crossing"], 3)
    frames = read(folder / "sharp.mp4", range(16))
    write_video(folder / "soft.mp4", np.stack([gaussian_filter(frame, (2.5, 2.5, 0)) for frame in frames]))
    return folder


def test_faces_of_a_file_are_compared_with_what_the_detector_was_trained_on(clips: Path) -> None:
    one = predictor(untrained(), num_segments=2, num_workers=1)

    def judged(seen: Seen | None) -> dict[str, FileResult]:
        knows = replace(one, scorers=(replace(one.scorers[0], seen=seen),))
        assert seen is None or knows.identity() != one.identity()
        return {Path(each.path).stem: each for each in knows.predict_many(sorted(clips.iterdir()))}

    unknown, sharpest = judged(None), judged(Seen(80, 64.0, None))
    assert [each.because for each in sharpest.values()] == [Because.BLURRED] * 2
    measured = {name: float(re.findall(r"sharpness is (\S+),", each.reason)[0]) for name, each in sharpest.items()}
    assert 0 < 4 * measured["soft"] < measured["sharp"] < 20
    found = judged(Seen(80, measured["sharp"], None))
    assert found["sharp"] == unknown["sharp"] and found["sharp"].score is not None
    assert found["soft"].because is Because.BLURRED and found["soft"].raw_score == unknown["soft"].score
    blocks = judged(Seen(80, 0.0, 0.125))
    assert {each.because for each in blocks.values()} == {Because.COMPRESSED}
