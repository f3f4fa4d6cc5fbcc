"""Opening video: both readers give a sequential decoder's frames, or a reason for every file without frames."""

import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepfake.errors import ConfigError, UnreadableVideoError
from deepfake.video.door import READERS, open_video, probe, read, readers_for
from tests.fakes import frames_with, one_face, turn, write_video

readers = pytest.mark.parametrize("reader", ["av", "decord"])


@pytest.fixture(autouse=True)
def _skip_where_it_is_missing(request: pytest.FixtureRequest) -> None:
    if "reader" in request.fixturenames and request.getfixturevalue("reader") not in READERS:
        pytest.skip("decord has no wheel for this platform")


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return frames_with(one_face, 40)


@pytest.fixture(scope="module")
def video(frames: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "a.mp4", frames)


def sequential(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def equal(a: np.ndarray, b: np.ndarray) -> bool:
    """Two builds of ffmpeg may round the colour conversion differently."""
    return a.shape == b.shape and np.abs(a.astype(int) - b.astype(int)).max() <= 2


@readers
def test_a_reader_tells_what_the_file_is(reader: str, video: Path) -> None:
    with open_video(video, reader) as opened:
        assert (opened.name, opened.info.num_missing) == (reader, 0)
        assert (opened.info.num_frames, opened.info.height, opened.info.width) == (40, 120, 160)
        assert opened.info.fps == pytest.approx(25)


@readers
def test_frames_equal_a_sequential_decoder_in_the_order_asked(reader: str, video: Path) -> None:
    indices = [39, 3, 17, 18, 3]
    with open_video(video, reader) as opened:
        for _ in range(2):  # a reader can be used repeatedly
            frames = opened.read(indices)
            assert frames.dtype == np.uint8
            assert equal(frames, sequential(video)[indices])


def irregular(path: Path, frames: np.ndarray) -> Path:
    """A clip with a variable frame rate."""
    times = np.cumsum([10, 40, 10, 70, 20] * 8).tolist()
    return write_video(path, frames, times=times)


FILES: dict[str, Callable[[Path, np.ndarray], Path]] = {
    "variable.mp4": irregular,
    "odd.mkv": lambda path, frames: write_video(
        path, np.pad(frames, ((0, 0), (0, 1), (0, 1), (0, 0))), pixels="yuv444p"
    ),
    "grey.mkv": lambda path, frames: write_video(path, frames, pixels="gray"),
    "ten_bit.mp4": lambda path, frames: write_video(path, frames, pixels="yuv420p10le"),
    "no_times.avi": lambda path, frames: write_video(path, frames, codec="mpeg4", pixels="yuv420p"),
    "three.mp4": lambda path, frames: write_video(path, frames[:3]),
    "many_key_frames.mp4": lambda path, frames: write_video(path, frames, options={"g": "5", "bf": "2"}),
    "webm.webm": lambda path, frames: write_video(path, frames, codec="libvpx", pixels="yuv420p"),
}


@readers
@pytest.mark.parametrize("name", list(FILES))
def test_every_kind_of_file_gives_its_own_frames(reader: str, name: str, frames: np.ndarray, tmp_path: Path) -> None:
    path = FILES[name](tmp_path / name, frames)
    expected = sequential(path)
    indices = [i for i in (0, 1, 2, 13, 14, 39) if i < len(expected)]
    with open_video(path, reader) as opened:
        assert opened.info.num_frames == len(expected)
        assert (opened.info.height, opened.info.width) == expected.shape[1:3]
        # Decoders round ten bits to eight differently; another frame of this noise would differ by 30.
        assert np.abs(opened.read(indices).astype(int) - expected[indices]).mean() < 6


@readers
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_phones_rotation_is_applied(reader: str, degrees: int, frames: np.ndarray, tmp_path: Path) -> None:
    path = turn(write_video(tmp_path / "a.mp4", frames[:10]), degrees)
    expected = np.rot90(sequential(path), -degrees // 90, axes=(1, 2))
    with open_video(path, reader) as opened:
        assert (opened.info.height, opened.info.width) == expected.shape[1:3]
        assert equal(opened.read([2, 7]), expected[[2, 7]])


def test_a_file_that_was_cut_off_gives_what_is_there(frames: np.ndarray, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames, options={"movflags": "faststart", "g": "5"})
    whole = sequential(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    info = probe(path)
    assert 15 < info.num_frames < 30 and info.num_frames + info.num_missing == 40
    assert equal(read(path, [0, 7, 12]), whole[[0, 7, 12]])


def test_a_file_whose_header_counts_no_frames_tells_what_is_lost_by_its_times(
    frames: np.ndarray, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mkv", frames.repeat(3, axis=0), options={"g": "5"})
    assert probe(path).lost == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (lost,) = probe(path).lost
    assert lost.startswith("the file declares 4.8 s and holds 2.")
    whole = write_video(tmp_path / "b.ts", frames.repeat(3, axis=0), options={"g": "5"})
    content = bytearray(whole.read_bytes())
    content[len(content) // 3 : len(content) * 2 // 3] = bytes(len(content) * 2 // 3 - len(content) // 3)
    whole.write_bytes(content)
    assert any(lost.startswith("no frame is stored for 1.") for lost in probe(whole).lost)


def test_what_a_file_is_is_known_without_its_pictures(frames: np.ndarray, tmp_path: Path) -> None:
    path = turn(write_video(tmp_path / "a.mp4", frames, options={"g": "5", "bf": "0", "sc_threshold": "0"}), 90)
    info = probe(path)
    assert info.key_frames == tuple(range(0, 40, 5))
    assert info.times_s == pytest.approx([i / 25 for i in range(40)])
    assert (info.turn, info.transfer, info.interlaced) == ((0, 1, -1, 0), "sdr", False)
    assert info.duration_s == pytest.approx(1.6)


def test_readers_are_chosen_by_name() -> None:
    assert readers_for("auto") == READERS and READERS[0] == "av"
    assert readers_for("av") == ("av",)
    with pytest.raises(ConfigError, match="extract.reader is 'ffmpeg', which has no wheel for this platform"):
        readers_for("ffmpeg")  # type: ignore[arg-type]


def test_what_the_machine_cannot_read_is_no_fact_about_the_file(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise av.error.PermissionError(13, "Permission denied", str(video))

    monkeypatch.setattr("deepfake.video.decoder.av.open", refused)
    with pytest.raises(PermissionError, match="Permission denied"):
        open_video(video)


@readers
@pytest.mark.parametrize("name", ["missing", "empty", "text", "truncated", "audio_only"])
def test_a_file_without_frames_is_named_with_a_reason(reader: str, name: str, video: Path, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.mp4"
    if name == "empty":
        path.touch()
    elif name == "text":
        path.write_text("not a video\n" * 50)
    elif name == "truncated":
        path.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    elif name == "audio_only":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate, frame.time_base, frame.pts = 8000, Fraction(1, 8000), 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    with pytest.raises(UnreadableVideoError) as error:
        open_video(path, reader)
    assert error.value.path == path and error.value.reason
    assert str(path) in str(error.value)


@readers
@pytest.mark.parametrize("indices", [[], [40], [-1]])
def test_frames_outside_the_video_are_refused(reader: str, indices: list[int], video: Path) -> None:
    with open_video(video, reader) as opened, pytest.raises(UnreadableVideoError, match="from a video of 40 frames"):
        opened.read(indices)


def test_the_error_crosses_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(UnreadableVideoError(Path("a.mp4"), "torn")))
    assert (error.path, error.reason) == (Path("a.mp4"), "torn")
