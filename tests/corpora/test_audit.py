from pathlib import Path

import pytest

from deepfake.corpora.audit import Overlap, audit, blind_spots, duplicates, num_sharing
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def _real(video_id: str, split: Split | None, person: str = "", path: Path = Path("x")) -> Video:
    return Video(video_id, path, Label.REAL, split, target_id=person)


def _fake(video_id: str, split: Split | None, real_id: str, people: tuple[str, str] = ("", "")) -> Video:
    return Video(video_id, Path("x"), Label.FAKE, split, "m", *people, real_id)


def test_disjoint_splits() -> None:
    videos = [_real("r1", TRAIN, "a"), _fake("f1", TRAIN, "r1", ("a", "b")), _real("r2", TEST, "c")]
    videos.append(_real("r3", None, "a"))  # in no split
    findings = audit(videos, {"r1": "00", "f1": "01", "r2": "02", "r3": "00"})
    assert findings.overlaps == ()
    findings.require_disjoint("identity")


def test_each_kind_of_overlap() -> None:
    videos = [
        _real("r1", TRAIN, "a"),
        _real("r1", TEST, "b"),  # the same video
        _fake("f2", VAL, "r9", ("d", "a")),
        _fake("f3", TEST, "r9", ("d", "e")),  # the same source video, which is missing
        _real("r4", TRAIN),
        _real("r5", VAL),  # the same content
    ]
    assert audit(videos, {"r4": "ff", "r5": "ff"}).overlaps == (
        Overlap("video", (TRAIN, TEST), ("r1",)),
        Overlap("source", (TRAIN, TEST), ("r1",)),
        Overlap("source", (VAL, TEST), ("r9",)),
        Overlap("identity", (TRAIN, VAL), ("a",)),
        Overlap("identity", (VAL, TEST), ("d",)),
        Overlap("content", (TRAIN, VAL), ("ff",)),
    )


def test_a_real_and_its_fake_share_a_source() -> None:
    findings = audit([_real("r1", TEST), _fake("f1", TRAIN, "r1")])
    assert [overlap.kind for overlap in findings.overlaps] == ["source"]
    with pytest.raises(CorpusError, match=r"the splits leak: train and test share 1 source videos \(r1\)"):
        findings.require_disjoint("official")


def test_shared_people_stop_what_promised_to_separate_them() -> None:
    findings = audit(_real(f"{split}{i}", split, f"p{i}") for split in (TRAIN, TEST) for i in range(5))
    assert str(findings.overlaps[0]) == "train and test share 5 people (p0, p1, p2, ...)"
    findings.require_disjoint("official")
    with pytest.raises(CorpusError, match="share 5 people"):
        findings.require_disjoint("identity")


def test_what_a_published_split_may_share() -> None:
    findings = audit([_real("r1", TEST), _fake("f1", TRAIN, "r1")])
    findings.require_disjoint("published")
    between_train_and_val = audit([_real("r1", VAL), _fake("f1", TRAIN, "r1")])
    with pytest.raises(CorpusError, match="train and val share 1 source"):
        between_train_and_val.require_disjoint("published")
    with pytest.raises(CorpusError, match="share 1 videos"):
        audit([_real("r1", TEST), _real("r1", TRAIN)]).require_disjoint("published")


def test_how_many_videos_show_a_scene_of_the_test() -> None:
    videos = [_real("r1", TRAIN), _fake("f1", TEST, "r1"), _fake("f2", VAL, "r1"), _fake("f3", TRAIN, "r1")]
    videos += [_fake("f4", None, "r1"), _real("r2", TRAIN), _fake("f5", TEST, "gone")]
    assert num_sharing(videos) == {TRAIN: 2, VAL: 1}


def test_what_names_do_not_say_is_said_not_to_be_known() -> None:
    assert blind_spots([_real("r1", TRAIN, "a"), _fake("f1", TEST, "r1", ("a", "b"))]) == []
    assert blind_spots([_real("r1", TRAIN), _real("r2", TRAIN, "a"), _fake("f1", TEST, ""), _fake("f2", None, "")]) == [
        "who is seen in 2 of 3 videos is not known: the splits may share more",
        "which real video 1 of 1 fakes were made from is not known: the splits may share more",
    ]


def test_duplicates_are_files_of_one_content(tmp_path: Path) -> None:
    contents = {
        "a": b"one",
        "b": b"one",
        "c": b"two",  # of the same size
        "d": b"three",
        "e": b"0" * 65536 + b"1",  # with an equal beginning
        "f": b"0" * 65536 + b"2",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    digests = duplicates(_real(name, TRAIN, path=tmp_path / name) for name in contents)
    assert set(digests) == {"a", "b"}
    assert digests["a"] == digests["b"]
