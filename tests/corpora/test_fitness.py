"""What a corpus's listing alone shows."""

import logging
from pathlib import Path

import pytest

from deepfake.corpora import Listing
from deepfake.corpora.fitness import data_caption, require_testable, require_trainable, shared_sources
from deepfake.errors import CorpusError
from deepfake.schema import Label, Split, Video
from tests.conftest import SHORT, Run
from tests.corpora import builders


def listing(*classes: str) -> Listing:
    """Return a listing with one video for each `<split> <label>`."""
    videos = []
    for i, (split, label) in enumerate(each.split() for each in classes):
        videos.append(Video(f"{i:03}", Path("x"), Label[label.upper()], Split(split)))
    return Listing(tuple(videos))


ALL = ["train real", "train fake", "val real", "val fake", "test real", "test fake"]


@pytest.mark.parametrize("lacking", ALL)
def test_a_class_that_is_not_there(lacking: str, caplog: pytest.LogCaptureFixture) -> None:
    there = listing(*(each for each in ALL if each != lacking))
    split, label = lacking.split()
    if split == "test":
        require_trainable(there)
        assert f"the test split has no {label} video: its AUC is undefined" in caplog.text
        return
    with pytest.raises(CorpusError, match=rf"the {split} split has no {label} video \(train .* real.*\): training"):
        require_trainable(there)


@pytest.mark.parametrize("split", Split)
def test_a_split_that_is_not_there(split: Split, caplog: pytest.LogCaptureFixture) -> None:
    there = listing(*(each for each in ALL if not each.startswith(split)))
    if split == Split.TEST:
        require_trainable(there)
        assert "the test split has no video: nothing is tested" in caplog.text
        return
    with pytest.raises(CorpusError, match=rf"the {split} split has no real and no fake video .*scripts/inventory.py"):
        require_trainable(there)


def test_reals_are_enough_where_training_makes_its_fakes() -> None:
    require_trainable(listing("train real", "val real", "test real"), makes_fakes=True)
    with pytest.raises(CorpusError, match=r"the val split has no real video .*: training .* need a real video"):
        require_trainable(listing("train real", "val fake", "test real"), makes_fakes=True)


@pytest.mark.parametrize("split", Split)
def test_what_a_test_needs(split: Split, caplog: pytest.LogCaptureFixture) -> None:
    require_testable(listing(f"{split} real", f"{split} fake"), split)
    assert caplog.messages == []
    require_testable(listing(f"{split} fake"), split)
    assert f"the {split} split has no real video: its AUC is undefined" in caplog.text
    with pytest.raises(CorpusError, match=rf"the {split} split has no video \(.*\): choose another split="):
        require_testable(listing(*(each for each in ALL if not each.startswith(split))), split)


def test_a_whole_corpus_is_passed_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        require_trainable(listing(*ALL))
    assert caplog.messages == []


def test_training_says_so_before_the_store_is_touched(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    builders.touch(tmp_path / "corpus", ["train/real/a.mp4", "train/fake/b.mp4", "val/real/c.mp4"])
    options = [f"data.root={tmp_path / 'corpus'}", f"paths.faces_dir={tmp_path / 'faces'}", "faces=mtcnn"]
    assert script("train", *SHORT, "data=folder", *options) == 1
    assert (
        "error: the val split has no fake video (train 1 real, 1 fake; val 1 real, 0 fake; " in capfd.readouterr().err
    )
    assert not (tmp_path / "faces").exists()


def test_shared_sources_are_told_of_the_data_or_of_the_training() -> None:
    shared = {"corpus": "celebdf", "protocol": "published", "shared_sources": {"train": 5, "val": 2}}
    apart = {"corpus": "celebdf", "protocol": "source_disjoint", "shared_sources": {}}
    words = "shared with test: the source videos of 5 train, 2 val videos"
    assert shared_sources({}) == data_caption(apart) == data_caption(apart, apart) == ""
    assert data_caption(shared) == words
    assert data_caption(apart, shared) == f"trained with protocol published; {words}"
    assert data_caption(apart, {**shared, "corpus": "ffpp"}) == ""
    assert data_caption(shared, {"corpus": "celebdf", "protocol": "official"}) == words  # an older card
