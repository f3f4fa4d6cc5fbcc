"""Who is in which split, whose face is forged into whose video, and which parameters are refused."""

from collections import Counter
from typing import Any

import pytest

from deepfake.demo.design import METHODS, DemoDesign, plan, splits
from deepfake.errors import ConfigError
from deepfake.schema import Label, Split


@pytest.mark.parametrize(
    ("num_people", "sizes"), [(24, (16, 4, 4)), (6, (2, 2, 2)), (7, (3, 2, 2)), (60, (40, 10, 10))]
)
def test_people_are_split_four_to_one_to_one(num_people: int, sizes: tuple[int, ...]) -> None:
    by_split = splits(num_people)
    assert tuple(len(people) for people in by_split.values()) == sizes
    assert len({person for people in by_split.values() for person in people}) == num_people


def test_the_default_corpus_has_48_real_clips_and_24_fakes_by_each_method() -> None:
    videos = [video for take in plan(DemoDesign(extras=False)) for video in take.videos]
    assert Counter(video.method for video in videos) == {"real": 48, **dict.fromkeys(METHODS, 24)}
    assert sum(video.label is Label.FAKE for video in videos) == 96
    assert len({video.video_id for video in videos}) == 144


@pytest.mark.parametrize("num_people", [6, 9, 24])
def test_nobody_is_in_two_splits_in_either_role(num_people: int) -> None:
    takes = plan(DemoDesign(num_people=num_people))
    seen = {split: set[str]() for split in Split}
    for take in takes:
        for video in take.videos:
            assert video.split is not None
            seen[video.split] |= video.identities | set(take.people)
    assert not seen[Split.TRAIN] & seen[Split.VAL]
    assert not seen[Split.TEST] & (seen[Split.TRAIN] | seen[Split.VAL])


def test_each_person_has_two_real_clips_and_one_fake_by_each_method() -> None:
    takes = plan(DemoDesign(extras=False))
    for person in (f"p{i:02d}" for i in range(24)):
        methods = sorted(v.method for take in takes for v in take.videos if v.target_id == person)
        assert methods == ["faceswap", "flicker", "real", "real", "reenact", "seamless"]


def test_a_fake_is_made_from_a_real_clip_of_its_target_with_anothers_face() -> None:
    for take in plan(DemoDesign(extras=False)):
        real, *fakes = take.videos
        for fake in fakes:
            assert (fake.real_id, fake.target_id) == (real.video_id, real.target_id)
            if fake.method == "flicker":
                assert (fake.source_id, fake.video_id) == ("", f"flicker/{fake.target_id}")
            else:
                assert fake.source_id and fake.source_id != fake.target_id
                assert fake.video_id == f"{fake.method}/{fake.target_id}_{fake.source_id}"


def test_the_extras_are_test_videos_on_top() -> None:
    plain, full = plan(DemoDesign(extras=False)), plan(DemoDesign(extras=True))
    extras = {v.video_id: v for take in full[len(plain) :] for v in take.videos}
    assert full[: len(plain)] == plain
    assert set(extras) == {"extra/two_people", "extra/no_face", "extra/truncated"}
    assert all(v.split is Split.TEST for v in extras.values())
    assert extras["extra/two_people"].label is Label.FAKE


def test_random_streams_are_independent_and_repeatable() -> None:
    design = DemoDesign()
    assert design.rng("person", "p00").random() == design.rng("person", "p00").random()
    draws = {
        r.rng(*words).random() for r in (design, DemoDesign(seed=1)) for words in (("person", "p00"), ("take", "p00"))
    }
    assert len(draws) == 4


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"num_people": 5}, "num_people is 5"),
        ({"width": 321}, "width is 321"),
        ({"height": 64}, "height is 64"),
        ({"width": 200}, "width=200"),
        ({"min_seconds": 5.0}, "min_seconds=5.0"),
        ({"min_seconds": 0.0}, "min_seconds is 0.0"),
        ({"fps": 0}, "fps is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"quantiser": 52}, "quantiser is 52"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"blur": -1.0}, "blur is -1.0"),
        ({"warmth": 0.5}, "warmth is 0.5"),
    ],
)
def test_parameters_that_make_no_corpus_are_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        DemoDesign(**options)
