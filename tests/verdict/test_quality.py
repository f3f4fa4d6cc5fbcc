"""Faces that are more blurred or compressed than what a detector was trained on."""

import math
import re
from dataclasses import replace

import pytest

from deepfake.verdict import Because, Verdict
from deepfake.verdict.judge import judge
from deepfake.verdict.quality import Seen, Texture, outside, seen_of
from tests.verdict.test_judge import ALL, ROW, SPEC, track

SEEN = Seen(clips=80, sharpness=0.04, block_grid=0.15)
LIKE, BLURRED, BLOCKS = Texture(0.06, 0.14), Texture(0.0199, 0.14), Texture(0.06, 0.1751)


@pytest.mark.parametrize(
    "texture",
    [LIKE, Texture(0.02, 0.175), Texture(math.nan, math.nan)],  # the second is twice as far as 99 %, and no more
    ids=["like it", "at the edge", "not measured"],
)
def test_what_is_like_the_training_clips_is_inside(texture: Texture) -> None:
    assert outside(texture, SEEN) is None


@pytest.mark.parametrize(
    ("texture", "because", "words"),
    [
        (BLURRED, Because.BLURRED, "its sharpness is 0.02, and 99 % of 80 training clips have 0.04 or more"),
        (BLOCKS, Because.COMPRESSED, "0.175 of its steps .* and 99 % of 80 training clips have 0.150 or less"),
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
