"""A listing puts its videos in order, and none may be there twice."""

from pathlib import Path

import pytest

from deepfake.corpora.corpus import Listing
from deepfake.errors import CorpusError
from deepfake.schema import Label, Video


def video(video_id: str, path: str) -> Video:
    return Video(video_id, Path(path), Label.REAL)


def test_a_listing_sorts_its_videos() -> None:
    a, b, c = (video(name, f"{name}.mp4") for name in ("a", "b/1", "b"))
    assert Listing((b, a, c)).videos == (a, c, b)
    assert Listing((b, a, c)) == Listing((a, b, c))


def test_an_id_that_occurs_twice_is_named_with_both_files() -> None:
    with pytest.raises(CorpusError, match="two videos have the id x: one.mp4 and two.avi; each needs its own"):
        Listing((video("x", "one.mp4"), video("a", "a.mp4"), video("x", "two.avi")))
