"""Rows after packets that were overwritten or are missing show whole pictures or are errors."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from deepfake.errors import UnreadableVideoError
from deepfake.video.door import open_video, probe
from deepfake.video.missing import UNCOUNTED
from tests.fakes import write_video
from tests.video.clips import NUM_FRAMES, number_of, pictures, remux
from tests.video.conftest import MATRIX, Whole

HARMED = range(18, 21)  # packets of the second group, which holds 12 to 23


def zeroed(number: int, content: bytes) -> bytes:
    """Zero all but the beginning of some packets in the middle."""
    return content[: len(content) // 3] + bytes(len(content) - len(content) // 3) if number in HARMED else content


def dropped(number: int) -> bool:
    return number not in HARMED


def seen_in(path: Path, expected: Sequence[int], truth: np.ndarray) -> tuple[list[int], list[int]]:
    """Read all rows singly and in runs.

    Returns:
        Rows that are not the whole picture which is expected, and those that are an error.
    """
    wrong, errors = [], []
    with open_video(path) as video:
        assert video.info.num_frames == len(expected)
        count = len(expected)
        for run in [*([i] for i in range(count)), *(list(range(i, min(i + 8, count))) for i in range(0, count, 7))]:
            try:
                shown = video.read(run)
            except UnreadableVideoError:
                errors += run if len(run) == 1 else []
                continue
            for i, each in zip(run, shown, strict=True):
                if np.abs(each.astype(int) - truth[expected[i]]).mean() > 1:
                    wrong.append(i)
    return sorted(set(wrong)), errors


# The muxer of MPEG program streams refuses packets without times, and a reader gives B-frames none there.
AGAIN = [(c, k) for c, k in MATRIX if c != "mpg" or k in ("h264", "mpeg2", "mpeg4", "mpeg4_b")]


@pytest.mark.parametrize("harm", ["zeroed", "dropped"])
@pytest.mark.parametrize(("container", "codec"), AGAIN)
def test_rows_behind_damage_are_whole_or_lost(
    container: str, codec: str, harm: str, whole: Whole, tmp_path: Path
) -> None:
    """Packets 18 to 20 are zeroed or missing. What cannot be shown whole is an error."""
    path, target = whole(container, codec), tmp_path / f"a.{container}"
    with open_video(path) as video:
        truth = video.read(range(NUM_FRAMES))
    if harm == "zeroed":
        wrong, errors = seen_in(remux(path, target, change=zeroed), range(NUM_FRAMES), truth)
        assert errors
    else:
        remux(path, target, keep=dropped)
        if container in ("avi", "mpg") and codec.removesuffix("_b") in UNCOUNTED:
            assert any("cannot tell whether a frame is missing" in remark for remark in probe(target).remarks)
            return
        expected = left_of(whole("mkv", codec))
        wrong, errors = seen_in(target, expected, truth)
        if errors and not codec.startswith("hevc"):  # its decoder reports damage later
            assert any("missing" in lost for lost in probe(target).lost)
        errors = [expected[i] for i in errors]
    assert wrong == []
    assert set(errors) <= set(range(12, 40))


@pytest.mark.parametrize("count", [15, 16, 17])
def test_as_many_missing_frames_as_h264_counts_are_seen(count: int, tmp_path: Path) -> None:
    frames = np.stack(list(pictures()))
    whole = write_video(tmp_path / "whole.mp4", frames, options={"g": "48", "bf": "0", "sc_threshold": "0"})
    path = remux(whole, tmp_path / "a.mp4", keep=lambda n: not 10 <= n < 10 + count)
    with open_video(path) as video:
        assert [number_of(picture) for picture in video.read(range(10))] == list(range(10))
        for i in (10, 11, video.info.num_frames - 1):
            with pytest.raises(UnreadableVideoError, match="cannot be decoded whole"):
                video.read([i])


def left_of(path: Path) -> list[int]:
    """Return the frames that are left in a file with times when some packets are dropped."""
    with av.open(str(path)) as file:
        packets = [(p.pts, n) for n, p in enumerate(p for p in file.demux(video=0) if p.size)]
        shown = {frame.pts for frame in av.open(str(path)).decode(video=0)}
    return [i for i, n in enumerate(n for time, n in sorted(packets) if time in shown) if dropped(n)]
