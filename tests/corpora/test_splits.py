import random
from dataclasses import replace
from pathlib import Path

import pytest

from deepfake.corpora.splits import (
    IDENTITY_SHARES,
    VAL_SHARES,
    common_split,
    content_digests,
    divide,
    draw,
    fingerprint,
    real_digests,
    share_out,
)
from deepfake.schema import Label, Split, Video

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def _video(
    video_id: str, split: Split | None = TRAIN, label: Label = Label.REAL, people: tuple[str, str] = ("", "")
) -> Video:
    return Video(video_id, Path(video_id), label, split, target_id=people[0], source_id=people[1])


def test_blocks_stay_whole() -> None:
    split_of = share_out([("a", "b"), ("b", "c"), ("d", "e"), ("f", "f")], IDENTITY_SHARES)
    assert split_of == {"a": TRAIN, "b": TRAIN, "c": TRAIN, "d": VAL, "e": VAL, "f": TEST}


def test_one_block_is_taken_apart_so_that_no_split_is_empty() -> None:
    people = [f"p{i}" for i in range(10)]
    split_of = share_out([(a, b) for a in people for b in people if a != b], IDENTITY_SHARES)
    assert [list(split_of.values()).count(split) for split in Split] == [6, 2, 2]


def test_the_order_of_pairs_changes_nothing() -> None:
    pairs = [(f"p{i}", f"p{(i * 7) % 50 + 50}") for i in range(50)]
    shuffled = [(b, a) for a, b in random.Random(0).sample(pairs, len(pairs))]
    assert share_out(pairs, VAL_SHARES) == share_out(shuffled, VAL_SHARES)


def test_fewer_people_than_splits() -> None:
    assert share_out([("a", "a")], IDENTITY_SHARES) == {"a": TRAIN}
    assert share_out([], IDENTITY_SHARES) == {}


def test_draw_follows_the_shares_and_only_the_key() -> None:
    drawn = [draw(f"YouTube-real/{number:05}", VAL_SHARES) for number in range(2000)]
    assert drawn.count(VAL) == pytest.approx(300, abs=50)
    assert drawn[7] == draw("YouTube-real/00007", VAL_SHARES)
    assert set(drawn) == {TRAIN, VAL}


@pytest.mark.parametrize("shares", [IDENTITY_SHARES, VAL_SHARES, {TRAIN: 1.0}])
def test_keys_are_divided_in_exact_shares(shares: dict[Split, float]) -> None:
    for num in range(200):
        divided = divide([str(number) for number in range(num)], shares)
        assert len(divided) == num
        counts = [list(divided.values()).count(split) for split in shares]
        assert all(counts) or num < len(shares)
        if num > 10:
            assert all(
                abs(count - num * share) < 1 + 1e-9 for count, share in zip(counts, shares.values(), strict=True)
            )


def test_another_key_moves_few_others() -> None:
    keys = [f"real/{number}" for number in range(300)]
    before, after = divide(keys, IDENTITY_SHARES), divide([*keys, "real/new"], IDENTITY_SHARES)
    assert sum(before[key] != after[key] for key in keys) <= 2
    assert divide(reversed(keys), IDENTITY_SHARES) == before


def test_common_split() -> None:
    split_of = {"a": VAL, "b": VAL, "c": TEST}
    assert common_split(_video("x", people=("a", "b")), split_of) == VAL
    assert common_split(_video("x", people=("a", "c")), split_of) is None
    assert common_split(_video("x", people=("new", "")), split_of) == TRAIN
    assert common_split(_video("x", people=("new", "a")), split_of) is None


def test_fingerprint_is_that_of_ids_labels_and_splits() -> None:
    videos = [_video("a"), _video("b", TEST, Label.FAKE), _video("c", None)]
    expected = fingerprint(videos)
    # `printf 'a\\t0\\ttrain\\nb\\t1\\ttest' | sha256sum`: checkpoints store fingerprints, so they must not change.
    assert expected == "5da16b07dfbfc06b"
    assert fingerprint(reversed(videos)) == expected
    assert fingerprint(videos[:2]) == expected  # a dropped video is in no number
    assert fingerprint([replace(video, path=Path("elsewhere")) for video in videos]) == expected
    for other in (
        replace(videos[0], video_id="z"),
        replace(videos[0], split=VAL),
        replace(videos[0], label=Label.FAKE),
    ):
        assert fingerprint([other, *videos[1:]]) != expected


def test_content_is_told_a_split_and_by_the_files_alone() -> None:
    videos = [_video("a"), _video("b", TEST, Label.FAKE), _video("c", None)]
    # `printf 'a\\tff' | sha256sum` and `printf 'b\\tee' | sha256sum`.
    expected = {"train": "bebdefedce6fcd5d", "test": "ea7d69ee90a7a7a6"}
    assert content_digests(videos, {"a": "ff", "b": "ee"}) == expected
    assert content_digests(reversed(videos), {"a": "ff", "b": "ee", "c": "dd"}) == expected
    other = content_digests(videos, {"a": "ff", "b": "dd"})
    assert other["train"] == expected["train"] and other["test"] != expected["test"]


def test_reals_are_known_by_their_files_alone() -> None:
    videos = [_video("a"), _video("b", TEST), _video("copy of b", TEST), _video("gone", TEST), _video("c", None)]
    videos += [_video("fake", TRAIN, Label.FAKE), _video("d", TRAIN), _video("other fake", VAL, Label.FAKE)]
    digests = {video.video_id: f"{place}" * 32 for place, video in enumerate(videos)}
    digests |= {"copy of b": digests["b"], "gone": ""}
    assert real_digests(videos, digests) == {"train": f"{'0' * 12} {'6' * 12}", "test": "1" * 12, "val": ""}
