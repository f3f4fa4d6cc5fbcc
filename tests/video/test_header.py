"""The header of a file against what it was written with."""

from pathlib import Path

import av
import pytest

from deepfake.errors import UnreadableVideoError
from deepfake.video.header import length_s, read_header
from tests.fakes import frames_with, one_face, write_video

FRAMES = frames_with(one_face, 8)


@pytest.mark.parametrize(
    ("name", "codec", "known_as", "tells"),
    [
        ("a.mp4", "libx264", "h264", True),
        ("a.mkv", "libx264", "h264", False),
        ("a.avi", "mpeg4", "mpeg4", False),
        ("a.webm", "libvpx", "vp8", False),
    ],
)
def test_codec_and_bitrate(name: str, codec: str, known_as: str, tells: bool, tmp_path: Path) -> None:
    path = write_video(tmp_path / name, FRAMES, codec=codec)
    header = read_header(path)
    assert header.codec == known_as and (header.bitrate is not None) == tells
    if tells:
        with av.open(str(path)) as container:
            num_bytes = sum(packet.size for packet in container.demux(video=0))
        assert header.bitrate == pytest.approx(8 * num_bytes * 25 / len(FRAMES), rel=0.05)


def test_no_frame_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the header may be damaged."""
    path = write_video(tmp_path / "a.mp4", FRAMES, options={"movflags": "faststart"})
    whole = read_header(path)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    path.write_bytes(content)
    assert read_header(path) == whole


@pytest.mark.parametrize("content", [b"", b"no video\n" * 50])
def test_what_is_no_video_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(UnreadableVideoError, match="a.mp4"):
        read_header(tmp_path / "a.mp4")


def test_sound_alone_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 16000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableVideoError, match="it holds no video stream"):
        read_header(tmp_path / "a.mp4")
    with pytest.raises(UnreadableVideoError, match="gone"):
        read_header(tmp_path / "gone.mp4")
    with pytest.raises(UnreadableVideoError, match="gone"):
        length_s(tmp_path / "gone.mp4")


@pytest.mark.parametrize(
    ("name", "codec", "options", "length"),
    [
        ("a.mp4", "libx264", {}, 0.32),
        ("a.webm", "libvpx", {}, 0.32),
        ("a.webm", "libvpx", {"live": "1"}, 0.28),  # as browsers record: without a length, so from frame to frame
        ("a.h264", "libx264", {}, None),
    ],
)
def test_a_length_is_the_containers_or_that_of_its_frames(
    name: str, codec: str, options: dict[str, str], length: float | None, tmp_path: Path
) -> None:
    with av.open(str(tmp_path / name), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *FRAMES.shape[1:3], "yuv420p"
        for frame in FRAMES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    found = length_s(tmp_path / name)
    assert found is None if length is None else found == pytest.approx(length, abs=0.002)
