from pathlib import Path

import pytest

from deepfake.corpora import Count
from deepfake.corpora.audit import Overlap, audit, num_sharing
from deepfake.corpora.celebdf import CelebDF
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split
from tests.corpora import builders

LIST = "List_of_testing_videos.txt"
OFFICIAL = Path(__file__).parents[3] / "shared" / "splits" / "celebdf" / LIST

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def test_official_split(tmp_path: Path) -> None:
    listing = CelebDF(builders.celebdf(tmp_path)).listing()
    # The people of the list in blocks: id0-id1, id2-id3, id4-id5. The second in the order
    # of the hash is val: id0 and id1.
    assert {v.video_id: (v.label, v.split) for v in listing.videos} == {
        "Celeb-real/id0_0000": (Label.REAL, TEST),
        "Celeb-real/id0_0001": (Label.REAL, None),  # the source video of a test fake
        "Celeb-real/id0_0002": (Label.REAL, VAL),
        "Celeb-real/id1_0000": (Label.REAL, VAL),
        "Celeb-real/id2_0001": (Label.REAL, TRAIN),
        "Celeb-real/id4_0000": (Label.REAL, TRAIN),
        "Celeb-real/id6_0000": (Label.REAL, TRAIN),  # in no line of the list
        "Celeb-synthesis/id0_id1_0000": (Label.FAKE, None),  # its source video is a test video
        "Celeb-synthesis/id0_id1_0001": (Label.FAKE, TEST),
        "Celeb-synthesis/id0_id1_0002": (Label.FAKE, VAL),
        "Celeb-synthesis/id0_id3_0002": (Label.FAKE, None),  # mixes train and val
        "Celeb-synthesis/id2_id3_0000": (Label.FAKE, TEST),
        "Celeb-synthesis/id4_id5_0000": (Label.FAKE, TRAIN),
        "YouTube-real/00000": (Label.REAL, TEST),
        "YouTube-real/00001": (Label.REAL, TRAIN),
    }
    assert listing.num_dropped == 3


def test_the_split_that_papers_train_on(tmp_path: Path) -> None:
    listing = CelebDF(builders.celebdf(tmp_path), protocol="published").listing()
    dropped = CelebDF(tmp_path).listing().videos
    split_of = {v.video_id: v.split for v in listing.videos}
    assert split_of == {v.video_id: v.split for v in dropped} | {
        "Celeb-real/id0_0001": VAL,  # by person, like its fakes
        "Celeb-synthesis/id0_id1_0000": VAL,
        "Celeb-synthesis/id0_id3_0002": VAL,  # like its real, though id3 is in train
    }
    assert listing.num_dropped == 0
    assert num_sharing(listing.videos) == {VAL: 2}
    assert any("sources shared with test: 2 of val; " in note for note in listing.notes)
    findings = audit(listing.videos)
    findings.require_disjoint(listing.protocol)
    assert Overlap("source", (VAL, TEST), ("Celeb-real/id0_0000", "Celeb-real/id0_0001")) in findings.overlaps
    with pytest.raises(CorpusError, match="val and test share 2 source videos"):
        findings.require_disjoint("source_disjoint")


def test_official_is_another_name_of_the_default(tmp_path: Path) -> None:
    builders.celebdf(tmp_path)
    default, official = CelebDF(tmp_path).listing(), CelebDF(tmp_path, protocol="official").listing()
    assert default == official and default.protocol == "source_disjoint"
    assert num_sharing(default.videos) == {}


def test_pairs_people_and_paths(tmp_path: Path) -> None:
    videos = {v.video_id: v for v in CelebDF(builders.celebdf(tmp_path)).listing().videos}
    fake = videos["Celeb-synthesis/id0_id1_0002"]
    assert (fake.target_id, fake.source_id, fake.real_id) == ("id0", "id1", "Celeb-real/id0_0002")
    assert fake.method == "Celeb-synthesis"
    assert videos["Celeb-real/id0_0002"].path.name == "id0_0002.MP4"
    assert videos["Celeb-real/id0_0002"].target_id == "id0"
    assert videos["YouTube-real/00001"].identities == frozenset()


def test_missing_extra_and_counts(tmp_path: Path) -> None:
    listing = CelebDF(builders.celebdf(tmp_path)).listing()
    assert listing.missing == (
        "Celeb-real/id2_0000",  # the real of a fake that exists
        "Celeb-synthesis/id4_id5_0009",  # a line of the list
    )
    assert listing.num_extra == 2
    assert listing.folders == (
        Count("Celeb-real", 7, 590),
        Count("YouTube-real", 2, 300),
        Count("Celeb-synthesis", 6, 5639),
    )
    assert listing.lists == (Count(f"{LIST}, real", 2, 178), Count(f"{LIST}, fake", 3, 340))
    assert any("6 of the 59 people" in note for note in listing.notes)
    assert any("2 entries where the published one has 178" in note for note in listing.notes)
    assert any(note.startswith("3 videos are in no split") for note in listing.notes)


def test_identity_protocol_shares_no_person(tmp_path: Path) -> None:
    listing = CelebDF(builders.celebdf(tmp_path), protocol="identity").listing()
    people = {split: {p for v in listing.videos if v.split == split for p in v.identities} for split in Split}
    # Three blocks of two, in the order of the hash; id6 is not in the list and goes to train.
    assert people == {TRAIN: {"id4", "id5", "id6"}, VAL: {"id0", "id1"}, TEST: {"id2", "id3"}}
    assert [v.video_id for v in listing.videos if v.split is None] == ["Celeb-synthesis/id0_id3_0002"]
    assert "1 videos" in listing.notes[-1]
    assert audit(listing.videos).overlaps == ()


def test_official_split_states_shared_people(tmp_path: Path) -> None:
    overlaps = audit(CelebDF(builders.celebdf(tmp_path)).listing().videos).overlaps
    assert [(o.kind, o.splits, o.keys) for o in overlaps] == [
        ("identity", (TRAIN, TEST), ("id2",)),
        ("identity", (VAL, TEST), ("id0", "id1")),
    ]


def test_v1_has_its_own_counts(tmp_path: Path) -> None:
    listing = CelebDF(builders.celebdf(tmp_path), release="v1").listing()
    assert [count.published for count in listing.folders] == [158, 250, 795]
    assert [count.published for count in listing.lists] == [None, None]


def test_absent_folder_is_said(tmp_path: Path) -> None:
    builders.celebdf(tmp_path)
    (tmp_path / "YouTube-real").rename(tmp_path / "elsewhere")
    listing = CelebDF(tmp_path).listing()
    assert "YouTube-real/00000" in listing.missing
    assert any("YouTube-real is not there" in note for note in listing.notes)


@pytest.mark.parametrize(
    "line",
    ["0 Celeb-real/id0_0000.mp4", "2 Celeb-real/id0_0000.mp4", "Celeb-real/id0_0000.mp4", "1 real/id0_0000.mp4"],
)
def test_a_wrong_line_is_named(line: str, tmp_path: Path) -> None:
    builders.celebdf(tmp_path)
    (tmp_path / LIST).write_text(f"1 YouTube-real/00000.mp4\r\n{line}")
    with pytest.raises(CorpusError, match="line 2.*published"):
        CelebDF(tmp_path).listing()


def test_errors_name_the_path_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nowhere is not a folder; set data.root"):
        CelebDF(tmp_path / "nowhere")
    with pytest.raises(
        ConfigError, match="data.protocol is 'random': choose one of source_disjoint, official, published, identity"
    ):
        CelebDF(tmp_path, protocol="random")
    with pytest.raises(CorpusError, match=f"{LIST} is missing; it belongs to the download"):
        CelebDF(tmp_path).listing()
    (tmp_path / LIST).write_text(builders.CELEBDF_LIST)
    with pytest.raises(CorpusError, match="holds no video of this corpus"):
        CelebDF(tmp_path).listing()


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official list is not beside the project")
def test_official_list_in_full(tmp_path: Path) -> None:
    text = OFFICIAL.read_text()
    assert not text.endswith("\n")
    (tmp_path / LIST).write_text(text)
    builders.touch(tmp_path, [line.split()[1] for line in text.splitlines()])
    # The list leaves for training the real videos that 234 of its 340 fakes were made from.
    reals = CelebDF(tmp_path).listing().missing
    builders.touch(tmp_path, [f"{video_id}.mp4" for video_id in reals])
    listing = CelebDF(tmp_path).listing()
    assert listing.lists == (Count(f"{LIST}, real", 178, 178), Count(f"{LIST}, fake", 340, 340))
    tested = [v for v in listing.videos if v.split == TEST]
    assert len(tested) == 518
    assert sum(v.label == Label.REAL for v in tested) == 178
    assert len({p for v in tested for p in v.identities}) == 56
    assert sum(v.real_id in reals for v in tested) == 234
    assert len(reals) == listing.num_dropped == 164
    assert any("56 of the 59 people" in note for note in listing.notes)

    listing = CelebDF(tmp_path, protocol="published").listing()
    assert {v.video_id for v in listing.videos if v.split == TEST} == {v.video_id for v in tested}
    assert sum(num_sharing(listing.videos).values()) == 164 and listing.num_dropped == 0
    audit(listing.videos).require_disjoint(listing.protocol)

    listing = CelebDF(tmp_path, protocol="identity").listing()
    people = {split: {p for v in listing.videos if v.split == split for p in v.identities} for split in Split}
    assert [len(people[split]) for split in Split] == [35, 11, 10]  # whole blocks: nothing is dropped
    assert listing.num_dropped == 0
    assert audit(listing.videos).overlaps == ()
