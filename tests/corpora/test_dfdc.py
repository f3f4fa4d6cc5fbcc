import json
from pathlib import Path

import pytest

from deepfake.corpora import Count
from deepfake.corpora.dfdc import DFDC
from deepfake.errors import ConfigError, CorpusError
from deepfake.schema import Label, Split
from tests.corpora import builders

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def test_parts_labels_and_pairs(tmp_path: Path) -> None:
    listing = DFDC(builders.dfdc(tmp_path)).listing()
    assert [(v.video_id, v.label, v.split, v.real_id) for v in listing.videos] == [
        ("dfdc_train_part_0/a", Label.REAL, TRAIN, ""),
        ("dfdc_train_part_0/b", Label.FAKE, TRAIN, "dfdc_train_part_0/a"),
        ("dfdc_train_part_1/c", Label.REAL, TRAIN, ""),
        ("dfdc_train_part_1/d", Label.FAKE, TRAIN, "dfdc_train_part_1/c"),
        ("dfdc_train_part_47/e", Label.REAL, VAL, ""),
        ("dfdc_train_part_47/f", Label.FAKE, VAL, "dfdc_train_part_47/e"),
        ("test/x", Label.REAL, TEST, ""),  # 0 and 1 mean the same as everywhere else
        ("test/y", Label.FAKE, TEST, ""),
    ]
    assert listing.missing == ("test/z",)
    assert listing.num_extra == 0
    assert listing.folders[-1] == Count("test", 2, 3)
    assert listing.lists == (
        Count("dfdc_train_part_*, metadata.json", 6, 119_154),
        Count("test/labels.csv", 3, None),
    )


def test_the_other_layout_and_extra_files(tmp_path: Path) -> None:
    builders.dfdc(tmp_path)
    (tmp_path / "train").mkdir()
    for part in list(tmp_path.glob("dfdc_train_part_*")):
        part.rename(tmp_path / "train" / part.name)
    (tmp_path / "test" / "videos").mkdir()
    for name in ("x.mp4", "y.mp4"):
        (tmp_path / "test" / name).rename(tmp_path / "test" / "videos" / name)
    builders.touch(tmp_path / "train" / "dfdc_train_part_0", ["unknown.mp4"])
    listing = DFDC(tmp_path).listing()
    assert [v.video_id for v in listing.videos][:3] == ["test/videos/x", "test/videos/y", "train/dfdc_train_part_0/a"]
    assert len(listing.videos) == 8
    assert listing.num_extra == 1


def test_an_original_that_is_not_there_is_missing(tmp_path: Path) -> None:
    builders.dfdc(tmp_path)
    (tmp_path / "dfdc_train_part_0" / "a.mp4").unlink()
    assert DFDC(tmp_path).listing().missing == ("dfdc_train_part_0/a", "test/z")


def test_a_partial_copy_says_what_cannot_be_done(tmp_path: Path) -> None:
    builders.dfdc(tmp_path)
    (tmp_path / "test").rename(tmp_path / "elsewhere")
    listing = DFDC(tmp_path, val_parts=[49]).listing()
    assert {v.split for v in listing.videos} == {TRAIN}
    assert any("none of the val parts [49]" in note for note in listing.notes)
    assert any("nothing can be tested" in note for note in listing.notes)


def test_errors_name_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is 'identity': give official, as dfdc does not say who is seen"):
        DFDC(tmp_path, protocol="identity")  # type: ignore[arg-type]
    with pytest.raises(CorpusError, match="holds no video of this corpus"):
        DFDC(tmp_path).listing()
    builders.dfdc(tmp_path)
    metadata = tmp_path / "dfdc_train_part_1" / "metadata.json"
    metadata.write_text(json.dumps({"c.mp4": {"label": "MAYBE"}}))
    with pytest.raises(CorpusError, match="metadata.json is malformed .*MAYBE.*unpack it again"):
        DFDC(tmp_path).listing()
    metadata.unlink()
    with pytest.raises(CorpusError, match="metadata.json is missing; it lies in the zip"):
        DFDC(tmp_path).listing()
    (tmp_path / "dfdc_train_part_1").rename(tmp_path / "elsewhere")
    (tmp_path / "test" / "labels.csv").write_text("name,label\nx.mp4,0\n")
    with pytest.raises(CorpusError, match="labels.csv is malformed .*filename"):
        DFDC(tmp_path).listing()
