"""Videos that a cross-validation must not divide."""

from itertools import combinations
from pathlib import Path

import numpy as np

from deepfake.corpora.groups import group_videos
from deepfake.schema import Label, Split, Video


def real(video_id: str, person: str = "") -> Video:
    return Video(video_id, Path(f"{video_id}.mp4"), Label.REAL, Split.TRAIN, "real", person)


def fake(video_id: str, target: str = "", source: str = "", real_id: str = "") -> Video:
    return Video(video_id, Path(f"{video_id}.mp4"), Label.FAKE, Split.TRAIN, "swap", target, source, real_id)


def partition(videos: list[Video]) -> tuple[set[frozenset[str]], str]:
    numbers, by = group_videos(videos)
    ids = np.array([video.video_id for video in videos])
    return {frozenset(ids[numbers == number].tolist()) for number in numbers}, by


def test_pairs_of_people_who_were_swapped_stay_together() -> None:
    """As in FaceForensics++, where each original is in one pair."""
    videos: list[Video] = []
    for pair in range(6):
        a, b = f"{2 * pair:03}", f"{2 * pair + 1:03}"
        videos += [real(a, a), real(b, b), fake(f"{a}_{b}", a, b, a), fake(f"{b}_{a}", b, a, b)]
    groups, by = partition(videos)
    assert by == "people" and len(groups) == 6 and {len(group) for group in groups} == {4}


def test_where_all_people_are_linked_the_target_groups() -> None:
    """As in Celeb-DF and the demo, where faces went around a ring."""
    people = [f"p{i}" for i in range(8)]
    videos = [real(f"{p}_{take}", p) for p in people for take in "ab"]
    videos += [fake(f"{p}_{q}", p, q, f"{p}_a") for p, q in zip(people, people[1:] + people[:1], strict=True)]
    groups, by = partition(videos)
    assert by == "targets"
    assert groups == {
        frozenset({f"{p}_a", f"{p}_b", f"{p}_{q}"}) for p, q in zip(people, people[1:] + people[:1], strict=True)
    }


def test_a_source_video_groups_where_people_are_not_known() -> None:
    videos = [real(f"r{i}") for i in range(6)] + [fake(f"f{i}{m}", real_id=f"r{i}") for i in range(6) for m in "ab"]
    groups, by = partition(videos)
    assert by == "people" and groups == {frozenset({f"r{i}", f"f{i}a", f"f{i}b"}) for i in range(6)}


def test_without_metadata_each_video_stands_alone() -> None:
    groups, by = partition([real(f"r{i}") for i in range(4)] + [fake(f"f{i}") for i in range(3)])
    assert by == "videos" and len(groups) == 7
    assert group_videos([])[1] == "videos"


def test_a_person_named_like_a_video_is_no_video() -> None:
    videos = [real("anna"), *(real(f"r{i}") for i in range(9)), fake("x", target="anna")]
    groups, _ = partition(videos)
    assert frozenset({"anna"}) in groups and frozenset({"x"}) in groups


def test_no_two_groups_share_a_key_on_random_corpora() -> None:
    generator = np.random.default_rng(0)
    for _ in range(30):
        num = int(generator.integers(2, 40))
        names = [f"p{i}" for i in range(int(generator.integers(1, 40)))]
        videos = [real(f"r{i}", str(generator.choice(names))) for i in range(num)]
        videos += [fake(f"f{i}", *generator.choice(names, 2).tolist(), f"r{i}") for i in range(num)]
        numbers, by = group_videos(videos)
        for (a, of_a), (b, of_b) in combinations(zip(videos, numbers, strict=True), 2):
            same = a.target_id == b.target_id or b.real_id == a.video_id or a.real_id == b.video_id
            if same or (by == "people" and a.identities & b.identities):
                assert of_a == of_b
