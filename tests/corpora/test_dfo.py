import shutil
from collections import Counter
from pathlib import Path

import pytest

from deepfake.corpora import Count
from deepfake.corpora.audit import audit
from deepfake.corpora.dfo import VARIANTS, DeeperForensics
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split
from tests.corpora import builders

SPLITS = Path(__file__).parents[3] / "shared" / "splits"

YOUTUBE = "original_sequences/youtube/c23/videos"
TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def test_reals_are_the_targets_and_follow_their_fakes(tmp_path: Path) -> None:
    root, ffpp = builders.dfo(tmp_path)
    videos = DeeperForensics(root, ffpp).listing().videos
    folder = "manipulated_videos/end_to_end"
    assert [(v.video_id, v.label, v.split, v.target_id, v.source_id, v.real_id) for v in videos] == [
        (f"{folder}/000_M101", Label.FAKE, TRAIN, "000", "M101", f"{YOUTUBE}/000"),
        (f"{folder}/001_W101", Label.FAKE, TEST, "001", "W101", f"{YOUTUBE}/001"),
        # FaceForensics++ tests on 002, DeeperForensics trains on it
        (f"{folder}/002_M101", Label.FAKE, TRAIN, "002", "M101", f"{YOUTUBE}/002"),
        (f"{folder}/006_W005", Label.FAKE, VAL, "006", "W005", f"{YOUTUBE}/006"),
        (f"{YOUTUBE}/000", Label.REAL, TRAIN, "000", "", ""),
        (f"{YOUTUBE}/001", Label.REAL, TEST, "001", "", ""),
        (f"{YOUTUBE}/002", Label.REAL, TRAIN, "002", "", ""),
        (f"{YOUTUBE}/006", Label.REAL, VAL, "006", "", ""),
    ]
    assert {v.method for v in videos} == {"end_to_end", "real"}
    assert all(v.path.is_relative_to(ffpp if v.label == Label.REAL else root) for v in videos)


def test_missing_extra_and_counts(tmp_path: Path) -> None:
    root, ffpp = builders.dfo(tmp_path)
    (ffpp / YOUTUBE / "006.mp4").unlink()
    (root / "manipulated_videos/end_to_end/001_W101.mp4").unlink()
    listing = DeeperForensics(root, ffpp).listing()
    assert listing.missing == ("manipulated_videos/end_to_end/001_W101", f"{YOUTUBE}/006")
    assert listing.num_extra == 1 + 4  # the fake in no list; the sequences 003, 004, 005, 007
    assert listing.folders == (Count("manipulated_videos/end_to_end", 3, 1000), Count(YOUTUBE, 3, 1000))
    assert [count.found for count in listing.lists] == [2, 1, 1]
    assert any("138 of the 201 test targets" in note for note in listing.notes)


def test_variants(tmp_path: Path) -> None:
    root, ffpp = builders.dfo(tmp_path)
    assert len(VARIANTS) == 11
    builders.touch(root, ["manipulated_videos/end_to_end_level_5/000_M101.mp4"])
    listing = DeeperForensics(root, ffpp, ["end_to_end", "end_to_end_level_5", "reenact_postprocess"]).listing()
    assert Counter(v.method for v in listing.videos) == {"end_to_end": 4, "end_to_end_level_5": 1, "real": 4}
    assert len(listing.missing) == 3 + 4
    assert any("reenact_postprocess is not there" in note for note in listing.notes)


def test_source_videos_only_when_asked_for_by_name(tmp_path: Path) -> None:
    root, _ = builders.dfo(tmp_path)
    listing = DeeperForensics(root, reals="source_videos").listing()
    (real,) = [v for v in listing.videos if v.label == Label.REAL]
    assert real.video_id == "source_videos/M101/light_up/happy/M101_light_up_happy_camera_front"
    assert (real.target_id, real.split) == ("M101", TRAIN)
    assert {v.real_id for v in listing.videos} == {""}
    assert any("studio recordings" in note for note in listing.notes)


def test_identity_protocol_keeps_actor_and_targets_together(tmp_path: Path) -> None:
    root, ffpp = builders.dfo(tmp_path)
    listing = DeeperForensics(root, ffpp, protocol="identity").listing()
    split_of = {v.video_id[-8:]: v.split for v in listing.videos if v.label == Label.FAKE}
    assert split_of["000_M101"] == split_of["002_M101"]
    assert set(split_of.values()) == set(Split)
    assert audit(listing.videos).overlaps == ()


def test_errors_name_the_cure(tmp_path: Path) -> None:
    root, ffpp = builders.dfo(tmp_path)
    with pytest.raises(CorpusError, match="data.ffpp_root is not set"):
        DeeperForensics(root)
    with pytest.raises(CorpusError, match=r"videos is not a folder; set data.ffpp_root"):
        DeeperForensics(root, root)
    with pytest.raises(ConfigError, match="data.variants is .*: give a list of 1 or more, each one of end_to_end, "):
        DeeperForensics(root, ffpp, ["level_1"])
    (root / "lists/splits/val.txt").write_text("006_W005.mp4\n000_M101.mp4")
    with pytest.raises(CorpusError, match=r"val.txt: '000_M101.mp4' is .* listed twice"):
        DeeperForensics(root, ffpp).listing()
    (root / "lists/splits/val.txt").unlink()
    with pytest.raises(CorpusError, match="val.txt is missing; unpack `lists`"):
        DeeperForensics(root, ffpp).listing()


@pytest.mark.skipif(not SPLITS.exists(), reason="the official lists are not beside the project")
def test_official_lists_in_full(tmp_path: Path) -> None:
    shutil.copytree(SPLITS / "dfo" / "lists" / "splits", tmp_path / "dfo" / "lists" / "splits")
    (name,) = SPLITS.glob("dfo/lists/manipulated_videos_lists/manipulated_videos_end_to_end_list.txt")
    builders.touch(tmp_path / "dfo", name.read_text().split())
    builders.touch(tmp_path / "ffpp" / YOUTUBE, [f"{number:03}.mp4" for number in range(1000)])
    listing = DeeperForensics(tmp_path / "dfo", tmp_path / "ffpp").listing()
    for label in Label:
        assert Counter(v.split for v in listing.videos if v.label == label) == {TRAIN: 703, VAL: 96, TEST: 201}
    assert listing.missing == () and listing.num_extra == 0
    assert [count.found - (count.published or 0) for count in (*listing.folders, *listing.lists)] == [0] * 5
    assert audit(listing.videos).overlaps == ()  # split by actor, and every target has one
