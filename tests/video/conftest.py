"""Containers x codecs, and the file of each, which is encoded once."""

from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from tests.video.clips import CODECS, encode

CONTAINERS = ("mp4", "mov", "mkv", "webm", "avi", "ts", "mpg")
# But for what the muxers of FFmpeg refuse, or write so that no FFmpeg reads it back.
WRITABLE = {
    "webm": {"vp9"},  # and the rest as in Matroska
    "avi": set(CODECS) - {"hevc", "hevc_open", "prores"},
    "mkv": set(CODECS),
    "mov": {"h264_b", "prores"},  # and the rest as in MP4
    "mp4": set(CODECS) - {"vp8", "prores"},
    "ts": {"h264", "h264_b", "h264_open", "hevc", "hevc_open", "mpeg2", "mpeg4", "mpeg4_b"},
    "mpg": {"h264", "h264_b", "h264_open", "hevc", "hevc_open", "mpeg2", "mpeg4", "mpeg4_b"},
}
MATRIX = [(container, codec) for container, codec in product(CONTAINERS, CODECS) if codec in WRITABLE[container]]

Whole = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Container and codec -> the file of all frames, which is encoded once."""
    folder = tmp_path_factory.mktemp("whole")
    return cache(lambda container, codec: encode(folder / f"{codec}.{container}", codec))
