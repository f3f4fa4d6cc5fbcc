"""One painted corpus and its face store for all tests of this room."""

import pytest

from deepfake.schema import Video
from deepfake.store import FaceStore
from tests.null_audit.painted import paint, stored


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Video]:
    return paint(tmp_path_factory.mktemp("painted"), ("nothing", "one_pixel_smaller", "other_bitrate"))


@pytest.fixture(scope="session")
def store(videos: list[Video], tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    return stored(videos, tmp_path_factory.mktemp("faces") / "store")
