"""One file for each container and codec, encoded once."""

from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from tests.video.clips import CODECS, encode

CONTAINERS = ("mp4", "mov", "mkv", "webm", "avi", "ts", "mpg")
# Leaves out what FFmpeg's muxers refuse, or write so that FFmpeg cannot read it back.
WRITABLE = {
    "webm": {"vp9"},  # the others are as in Matroska
    "avi": set(CODECS) - {"hevc", "hevc_open", "prores"},
    "mkv": set(CODECS),
    "mov": {"h264_b", "prores"},  # the others are as in MP4
    "mp4": set(CODECS) - {"vp8", "prores"},
    "ts": {"h264", "h264_b", "h264_open", "hevc", "hevc_open", "mpeg2", "mpeg4", "mpeg4_b"},
    "mpg": {"h264", "h264_b", "h264_open", "hevc", "hevc_open", "mpeg2", "mpeg4", "mpeg4_b"},
}
MATRIX = [(container, codec) for container, codec in product(CONTAINERS, CODECS) if codec in WRITABLE[container]]

Whole = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Return a function from container and codec to the file of all frames, which is encoded once."""
    folder = tmp_path_factory.mktemp("whole")
    return cache(lambda container, codec: encode(folder / f"{codec}.{container}", codec))
