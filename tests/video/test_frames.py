"""Every row of every reader shows the frame of its index, or is an error: containers x codecs, and odd files.

The truth is painted into the pictures.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import pytest

from deepfake.errors import UnreadableVideoError
from deepfake.video.door import READERS, open_video, probe
from tests.video.clips import (
    FPS,
    HEIGHT,
    NUM_FRAMES,
    WIDTH,
    cut_end,
    encode,
    number_of,
    pictures,
    remux,
    two_streams,
    xvid_packed,
)
from tests.video.conftest import MATRIX, Whole

CASES = Path(__file__).parents[3] / "shared" / "cases"


def wrong_rows(path: Path, reader: str, expected: Sequence[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Read all rows singly, in order and shuffled, and in runs.

    Returns:
        Those that show another frame, as (index, number), and those that are an error.
    """
    wrong, errors = [], []
    with open_video(path, reader) as video:
        assert video.info.num_frames == len(expected)
        count = len(expected)
        every = 1 if reader == "av" else 7
        rows = [*range(0, count, every), *(i for i in (30, 3, 17, 40, 0) if i < count), count - 1]
        for run in [*([i] for i in rows), *(list(range(i, min(i + 8, count))) for i in range(0, count, 7))]:
            try:
                shown = [number_of(picture) for picture in video.read(run)]
            except UnreadableVideoError:
                errors += run if len(run) == 1 else []
                continue
            wrong += [(i, number) for i, number in zip(run, shown, strict=True) if number != expected[i]]
    return wrong, errors


def shows(path: Path, reader: str, expected: Sequence[int], *, may_lose: bool = False) -> list[int]:
    """Assert that rows show what is expected and return those that are errors. decord may refuse any."""
    try:
        wrong, errors = wrong_rows(path, reader, expected)
    except UnreadableVideoError:
        assert reader == "decord"  # PyAV reads every file that holds frames
        return []
    assert wrong == []
    assert errors == [] or may_lose or reader == "decord"
    return sorted(set(errors))


@pytest.mark.parametrize(("container", "codec"), MATRIX)
def test_rows_are_the_frames_of_their_index(container: str, codec: str, whole: Whole) -> None:
    for reader in READERS:
        shows(whole(container, codec), reader, range(NUM_FRAMES))


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_decord_is_used_where_it_is_right(container: str, tmp_path: Path) -> None:
    if "decord" not in READERS:
        pytest.skip("decord has no wheel for this platform")
    wrong, errors = wrong_rows(encode(tmp_path / f"a.{container}", "h264_b"), "decord", range(NUM_FRAMES))
    assert (wrong, errors) == ([], [])


def start_cut(path: Path, codec: str, container: str) -> Path:
    """Cut in the second group without re-encoding: frames before 17 are stored and hidden."""
    whole = encode(path / f"whole.{container}", codec)
    with av.open(str(whole)) as file:
        ticks = 1 / (FPS * file.streams.video[0].time_base)
        times = [round(p.pts / ticks) for p in file.demux(video=0) if p.size]
    first = times.index(12)  # the key packet of the second group
    return remux(whole, path / f"cut.{container}", keep=lambda n: n >= first, shift_frames=-17)


@pytest.mark.parametrize("codec", ["h264", "h264_b", "hevc", "mpeg4_b", "mjpeg"])
def test_a_file_cut_without_encoding_shows_what_its_edit_list_leaves(codec: str, tmp_path: Path) -> None:
    path = start_cut(tmp_path, codec, "mp4")
    for reader in READERS:
        shows(path, reader, range(17, NUM_FRAMES))
    both = cut_end(path, 20)
    for reader in READERS:
        shows(both, reader, range(17, 37))
    with open_video(both) as video:
        assert video.info.num_missing == 0
        if codec != "mjpeg":  # FFmpeg leaves out its hidden frames, since nothing refers to them
            assert any("are not shown" in remark for remark in video.info.remarks)
        assert video.info.duration_s == pytest.approx(20 / FPS)


def variable(i: int) -> int:
    return 40 * i + (i % 3) * 11 + (200 if i > 20 else 0)


def pause(i: int) -> int:
    return 40 * i + (80 if i > 20 else 0)


ODD: dict[str, Callable[[Path], tuple[Path, Sequence[int]]]] = {
    "xvid packed.avi": lambda d: (xvid_packed(d / "a.avi"), range(NUM_FRAMES)),
    "variable rate.mp4": lambda d: (encode(d / "a.mp4", "h264_b", times=variable), range(NUM_FRAMES)),
    "variable rate.mkv": lambda d: (encode(d / "a.mkv", "h264_b", times=variable), range(NUM_FRAMES)),
    "a pause.mp4": lambda d: (encode(d / "a.mp4", "h264_b", times=pause), range(NUM_FRAMES)),
    "variable rate.webm": lambda d: (encode(d / "a.webm", "vp9", times=variable), range(NUM_FRAMES)),
    "no duration.mkv": lambda d: (encode(d / "a.mkv", "h264_b", options={"live": "1"}), range(NUM_FRAMES)),
    "no duration.webm": lambda d: (encode(d / "a.webm", "vp8", options={"live": "1"}), range(NUM_FRAMES)),
    "fragments.mp4": lambda d: (
        encode(d / "a.mp4", "h264_b", options={"movflags": "frag_keyframe+empty_moov"}),
        range(NUM_FRAMES),
    ),
    "fragments.mov": lambda d: (
        encode(d / "a.mov", "hevc", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
        range(NUM_FRAMES),
    ),
    "negative times.mp4": lambda d: (
        encode(d / "a.mp4", "h264_b", options={"movflags": "negative_cts_offsets", "use_editlist": "0"}),
        range(NUM_FRAMES),
    ),
    "negative times.mkv": lambda d: (
        remux(encode(d / "w.mkv", "h264_b"), d / "a.mkv", shift_frames=-3, options={"avoid_negative_ts": "disabled"}),
        range(NUM_FRAMES),
    ),
    "late start.ts": lambda d: (remux(encode(d / "w.ts", "h264_b"), d / "a.ts", shift_frames=9000), range(NUM_FRAMES)),
    "avi into.mkv": lambda d: (made_up_times(d, "a.mkv", "h264_b"), range(NUM_FRAMES)),
    "avi into.mp4": lambda d: (made_up_times(d, "a.mp4", "h264_b"), range(NUM_FRAMES)),
    "avi mpeg4 into.mkv": lambda d: (made_up_times(d, "a.mkv", "mpeg4_b"), range(NUM_FRAMES)),
    "from the middle.ts": lambda d: from_the_middle(d, "ts", "h264_b"),
    "from the middle, open.ts": lambda d: from_the_middle(d, "ts", "h264_open"),
    "from the middle, hevc.ts": lambda d: from_the_middle(d, "ts", "hevc_open"),
    "from the middle, mpeg2.ts": lambda d: from_the_middle(d, "ts", "mpeg2"),
    "from the middle.avi": lambda d: from_the_middle(d, "avi", "h264"),
    "from the middle, mpeg4.avi": lambda d: from_the_middle(d, "avi", "mpeg4_b"),
    "from the middle, vp8.avi": lambda d: from_the_middle(d, "avi", "vp8"),
    "from the middle, mpeg4.mpg": lambda d: from_the_middle(d, "mpg", "mpeg4"),
    "from the middle, mpeg2.mpg": lambda d: from_the_middle(d, "mpg", "mpeg2"),
    "two recordings.ts": lambda d: two_recordings(d, "ts"),
    "second is larger.mkv": lambda d: (
        two_streams(d / "a.mkv", "h264_b", (HEIGHT // 2, WIDTH // 2)),
        range(NUM_FRAMES),
    ),
    # The muxer marks the first stream of an MP4 as the default, and `ffmpeg` takes that.
    "first is the default.mp4": lambda d: (
        two_streams(d / "a.mp4", "h264_b", (HEIGHT // 2, WIDTH // 2), default=0),
        range(NUM_FRAMES),
    ),
    "second is the default.mkv": lambda d: (
        two_streams(d / "a.mkv", "h264_b", (HEIGHT, 2 * WIDTH), default=1),
        range(NUM_FRAMES),
    ),
    "first is the default.mkv": lambda d: (
        two_streams(d / "a.mkv", "h264_b", (HEIGHT // 2, WIDTH // 2), default=0),
        range(NUM_FRAMES),
    ),
    "one frame.mp4": lambda d: (encode(d / "a.mp4", "h264_b", pictures(1)), range(1)),
    "two frames.avi": lambda d: (encode(d / "a.avi", "h264_b", pictures(2)), range(2)),
}


def made_up_times(folder: Path, name: str, codec: str) -> Path:
    """B-frames in a container with real times, with the times of their packets in AVI, are shown as stored."""
    whole = encode(folder / "whole.mkv", codec)
    return remux(whole, folder / name, times=lambda n: (n, n))


def from_the_middle(folder: Path, container: str, codec: str) -> tuple[Path, Sequence[int]]:
    """A broadcast recorded from within the first group is shown from the next key frame on."""
    whole = encode(folder / f"whole.{container}", codec)
    return remux(whole, folder / f"a.{container}", keep=lambda n: n >= 5), range(12, NUM_FRAMES)


def two_recordings(folder: Path, container: str) -> tuple[Path, Sequence[int]]:
    """Join two files, so that the clock starts again."""
    whole = encode(folder / f"whole.{container}", "h264_b")
    target = folder / f"a.{container}"
    target.write_bytes(whole.read_bytes() * 2)
    return target, [*range(NUM_FRAMES), *range(NUM_FRAMES)]


@pytest.mark.parametrize("name", list(ODD))
def test_rows_of_odd_files_are_the_frames_of_their_index(name: str, tmp_path: Path) -> None:
    path, expected = ODD[name](tmp_path)
    lost = {reader: shows(path, reader, expected, may_lose=name == "two recordings.ts") for reader in READERS}
    # The place where one recording ends and the other begins.
    assert set(lost["av"]) <= set(range(NUM_FRAMES - 3, NUM_FRAMES + 3))
    remarks = probe(path).remarks
    assert (name == "variable rate.webm") == any("cannot tell whether a frame is missing" in each for each in remarks)
    assert name.startswith("from the middle") == any("before the first key frame" in each for each in remarks)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.skipif(not CASES.exists(), reason="../shared is absent")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lossless_cut.mp4", range(13, 60)),
        ("h264_b420.avi", range(150)),
        ("mpeg2.mkv", range(150)),
        ("corrupt.mp4", range(150)),
    ],
)
def test_files_that_went_wrong(reader: str, name: str, expected: range) -> None:
    lost = shows(CASES / name, reader, expected, may_lose=name == "corrupt.mp4")
    if name == "corrupt.mp4" and reader == "av":
        assert 46 in lost and set(range(40)).isdisjoint(lost) and set(range(60, 150)).isdisjoint(lost)


@pytest.mark.skipif(not CASES.exists(), reason="../shared is absent")
def test_a_squeezed_picture_is_widened() -> None:
    with open_video(CASES / "anamorphic_real.mp4") as video:
        assert (video.info.height, video.info.width) == (500, 942)
        assert video.read([3]).shape == (1, 500, 942, 3)
        assert any("made square" in remark for remark in video.info.remarks)
