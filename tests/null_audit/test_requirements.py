"""What a corpus must have for a null audit, told from its listing alone."""

from pathlib import Path

import pytest

from deepfake.corpora import Listing
from deepfake.errors import ConfigError, CorpusError
from deepfake.null_audit import require_null_audit
from deepfake.schema import Label, Split, Video


def listing(*videos: tuple[Label, Split]) -> Listing:
    return Listing(tuple(Video(f"v{i}", Path(f"v{i}.mp4"), *each) for i, each in enumerate(videos)))


TESTED = [(Label.REAL, Split.TEST), (Label.FAKE, Split.TEST)]


def test_both_classes_in_train_are_enough() -> None:
    require_null_audit(listing((Label.REAL, Split.TRAIN), (Label.FAKE, Split.TRAIN)), Split.VAL)


@pytest.mark.parametrize(
    ("train", "lacking"),
    [([], "no real and no fake video"), ([(Label.REAL, Split.TRAIN)], "no fake video")],
)
def test_a_train_split_without_a_class_is_an_error_with_its_cure(
    train: list[tuple[Label, Split]], lacking: str
) -> None:
    with pytest.raises(CorpusError, match=f"has {lacking}: put videos below train/") as caught:
        require_null_audit(listing(*train, *TESTED), Split.TEST)
    assert "\n" not in str(caught.value)


def test_train_cannot_be_tested() -> None:
    with pytest.raises(ConfigError, match="split=train: choose split=test or split=val"):
        require_null_audit(listing((Label.REAL, Split.TRAIN), (Label.FAKE, Split.TRAIN)), Split.TRAIN)
