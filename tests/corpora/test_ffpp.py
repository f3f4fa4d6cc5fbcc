import json
from collections import Counter
from pathlib import Path

import pytest

from deepfake.corpora import Count
from deepfake.corpora.audit import audit
from deepfake.corpora.ffpp import DFD, FaceForensics, read_pairs
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split
from tests.corpora import builders

OFFICIAL = Path(__file__).parents[3] / "shared" / "splits" / "ffpp"

YOUTUBE = "original_sequences/youtube/c23/videos"
TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def test_official_splits_labels_and_pairs(tmp_path: Path) -> None:
    videos = FaceForensics(builders.ffpp(tmp_path), methods=["Deepfakes"]).listing().videos
    folder = "manipulated_sequences/Deepfakes/c23/videos"
    assert [(v.video_id, v.label, v.split, v.target_id, v.source_id, v.real_id) for v in videos] == [
        (f"{folder}/000_003", Label.FAKE, TRAIN, "000", "003", f"{YOUTUBE}/000"),
        (f"{folder}/001_002", Label.FAKE, TEST, "001", "002", f"{YOUTUBE}/001"),
        (f"{folder}/002_001", Label.FAKE, TEST, "002", "001", f"{YOUTUBE}/002"),
        (f"{folder}/003_000", Label.FAKE, TRAIN, "003", "000", f"{YOUTUBE}/003"),
        (f"{folder}/004_005", Label.FAKE, TRAIN, "004", "005", f"{YOUTUBE}/004"),
        (f"{folder}/005_004", Label.FAKE, TRAIN, "005", "004", f"{YOUTUBE}/005"),
        (f"{folder}/006_007", Label.FAKE, VAL, "006", "007", f"{YOUTUBE}/006"),
        (f"{folder}/007_006", Label.FAKE, VAL, "007", "006", f"{YOUTUBE}/007"),
        (f"{YOUTUBE}/000", Label.REAL, TRAIN, "000", "", ""),
        (f"{YOUTUBE}/001", Label.REAL, TEST, "001", "", ""),
        (f"{YOUTUBE}/002", Label.REAL, TEST, "002", "", ""),
        (f"{YOUTUBE}/003", Label.REAL, TRAIN, "003", "", ""),
        (f"{YOUTUBE}/004", Label.REAL, TRAIN, "004", "", ""),
        (f"{YOUTUBE}/005", Label.REAL, TRAIN, "005", "", ""),
        (f"{YOUTUBE}/006", Label.REAL, VAL, "006", "", ""),
        (f"{YOUTUBE}/007", Label.REAL, VAL, "007", "", ""),
    ]


def test_four_methods_with_one_name_are_four_videos(tmp_path: Path) -> None:
    videos = FaceForensics(builders.ffpp(tmp_path)).listing().videos
    assert len(videos) == 8 + 4 * 8
    same = [v for v in videos if v.video_id.endswith("/000_003")]
    assert [v.method for v in same] == ["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"]


def test_missing_extra_and_counts(tmp_path: Path) -> None:
    builders.ffpp(tmp_path, ["Deepfakes"])
    (tmp_path / YOUTUBE / "000.mp4").unlink()  # the fake 000_003 now lacks its real
    builders.touch(tmp_path / "manipulated_sequences/Deepfakes/c23/videos", ["000_001.mp4", "x.mp4", "000_003.png"])
    builders.touch(tmp_path / YOUTUBE, ["123.mp4"])  # in no list
    (tmp_path / YOUTUBE / "001.mp4").rename(tmp_path / YOUTUBE / "001.AVI")
    listing = FaceForensics(tmp_path, methods=["Deepfakes", "FaceSwap"]).listing()
    assert listing.num_extra == 4
    assert listing.missing[0] == "manipulated_sequences/FaceSwap/c23/videos/000_003"
    assert listing.missing[8:] == (f"{YOUTUBE}/000",)
    assert listing.folders == (
        Count(YOUTUBE, 7, 1000),
        Count("manipulated_sequences/Deepfakes/c23/videos", 8, 1000),
        Count("manipulated_sequences/FaceSwap/c23/videos", 0, 1000),
    )
    assert listing.lists[0] == Count("train.json, sequences", 4, 720)
    assert any("FaceSwap/c23/videos is not there" in note for note in listing.notes)
    assert f"{YOUTUBE}/001" in {v.video_id for v in listing.videos}


def test_identity_protocol_keeps_pairs_together(tmp_path: Path) -> None:
    listing = FaceForensics(builders.ffpp(tmp_path), protocol="identity").listing()
    assert audit(listing.videos).overlaps == ()
    assert {v.split for v in listing.videos} == set(Split)
    assert listing.num_dropped == 0


def test_deepfakedetection_is_split_by_actor(tmp_path: Path) -> None:
    actors = [f"{number:02}" for number in range(1, 29)]
    builders.touch(tmp_path / "original_sequences/actors/raw/videos", [f"{a}__hugging_happy.mp4" for a in actors])
    swaps = [f"{a}_{b}__hugging_happy__ABCDEF01.mp4" for a in actors for b in actors if a != b]
    builders.touch(tmp_path / f"manipulated_sequences/{DFD}/raw/videos", swaps)
    listing = FaceForensics(tmp_path, compression="raw", methods=[DFD]).listing()  # without splits/*.json
    actor_of = {split: {p for v in listing.videos if v.split == split for p in v.identities} for split in Split}
    assert [len(actor_of[split]) for split in Split] == [16, 6, 6]
    fakes = Counter(v.split for v in listing.videos if v.label == Label.FAKE)
    assert fakes == {TRAIN: 16 * 15, VAL: 6 * 5, TEST: 6 * 5, None: 28 * 27 - 16 * 15 - 2 * 6 * 5}
    assert audit(listing.videos).overlaps == ()
    fake = next(v for v in listing.videos if "01_02__" in v.video_id)
    assert (fake.target_id, fake.source_id) == ("actor01", "actor02")
    assert fake.real_id == "original_sequences/actors/raw/videos/01__hugging_happy"
    assert listing.missing == ()
    assert "456 videos" in listing.notes[-1]
    assert [count.published for count in listing.folders] == [363, 3068]


def test_errors_name_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="data.compression is 'c24': choose one of c23, c40, raw"):
        FaceForensics(tmp_path, compression="c24")
    with pytest.raises(ConfigError, match="data.methods is .*: give a list of 1 or more, each one of Deepfakes, "):
        FaceForensics(tmp_path, methods=["Deepfake"])
    with pytest.raises(CorpusError, match=r"train.json is missing; copy train.json, val.json and test.json.*ondyari"):
        FaceForensics(tmp_path).listing()
    builders.write_pairs(tmp_path / "splits")
    with pytest.raises(CorpusError, match="holds no video of this corpus; .*original_sequences/youtube/c23/videos"):
        FaceForensics(tmp_path).listing()
    (tmp_path / "splits" / "val.json").write_text(json.dumps([["000", "009"]]))
    with pytest.raises(CorpusError, match="sequence 000 is in two pairs"):
        FaceForensics(tmp_path).listing()
    (tmp_path / "splits" / "val.json").write_text("[1, 2")
    with pytest.raises(CorpusError, match="val.json is malformed .*not JSON"):
        FaceForensics(tmp_path).listing()


def test_splits_elsewhere(tmp_path: Path) -> None:
    root = builders.ffpp(tmp_path / "ffpp")
    (root / "splits").rename(tmp_path / "lists")
    assert len(FaceForensics(root, splits_dir=tmp_path / "lists").listing().videos) == 40


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official lists are not beside the project")
def test_official_lists_in_full(tmp_path: Path) -> None:
    pairs = read_pairs(OFFICIAL)
    builders.touch(tmp_path / YOUTUBE, [f"{sequence}.mp4" for pair in pairs for sequence in pair])
    swaps = [f"{x}_{y}.mp4" for a, b in pairs for x, y in ((a, b), (b, a))]
    builders.touch(tmp_path / "manipulated_sequences/Face2Face/c23/videos", swaps)
    listing = FaceForensics(tmp_path, methods=["Face2Face"], splits_dir=OFFICIAL).listing()
    for label in Label:
        assert Counter(v.split for v in listing.videos if v.label == label) == {TRAIN: 720, VAL: 140, TEST: 140}
    assert [count.found - (count.published or 0) for count in (*listing.folders, *listing.lists)] == [0] * 5
    assert listing.missing == () and listing.num_extra == 0 and listing.notes == ()
    assert audit(listing.videos).overlaps == ()
    identity = FaceForensics(tmp_path, methods=["Face2Face"], splits_dir=OFFICIAL, protocol="identity").listing()
    assert Counter(v.split for v in identity.videos) == {TRAIN: 1200, VAL: 400, TEST: 400}
    assert audit(identity.videos).overlaps == ()
