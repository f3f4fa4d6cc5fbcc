"""Clips with numbered frames, ordinary and odd, in every container and codec that PyAV can write."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np

HEIGHT, WIDTH, NUM_FRAMES, FPS = 96, 160, 48, 25
BITS = 10

# Name -> encoder, its options, pixel format.
CODECS: dict[str, tuple[str, dict[str, str], str]] = {
    "h264": ("libx264", {"bf": "0", "g": "12", "crf": "18"}, "yuv420p"),
    "h264_b": ("libx264", {"bf": "3", "g": "12", "crf": "18", "x264-params": "b-adapt=0:scenecut=0"}, "yuv420p"),
    "h264_open": (
        "libx264",
        {"bf": "3", "g": "12", "crf": "18", "x264-params": "open-gop=1:b-adapt=0:scenecut=0:keyint=12:bframes=3"},
        "yuv420p",
    ),
    "hevc": (
        "libx265",
        {"x265-params": "keyint=12:bframes=3:open-gop=0:log-level=none:pools=1", "crf": "18"},
        "yuv420p",
    ),
    "hevc_open": (
        "libx265",
        {"x265-params": "keyint=12:bframes=3:open-gop=1:b-adapt=0:scenecut=0:log-level=none:pools=1", "crf": "18"},
        "yuv420p",
    ),
    "vp8": ("libvpx", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "10", "b": "2M"}, "yuv420p"),
    "vp9": ("libvpx-vp9", {"g": "12", "lag-in-frames": "10", "b": "2M", "deadline": "realtime"}, "yuv420p"),
    "av1": ("libsvtav1", {"g": "12", "preset": "12", "svtav1-params": "lp=1"}, "yuv420p"),
    "mpeg2": ("mpeg2video", {"g": "12", "bf": "2", "b": "4M"}, "yuv420p"),
    "mpeg4": ("mpeg4", {"g": "12", "b": "4M"}, "yuv420p"),
    "mpeg4_b": ("mpeg4", {"g": "12", "bf": "2", "b": "4M"}, "yuv420p"),
    "mjpeg": ("mjpeg", {"q": "2"}, "yuvj420p"),
    "ffv1": ("ffv1", {"g": "12"}, "yuv420p"),
    "prores": ("prores_ks", {}, "yuv422p10le"),
}
# The same, for tests of how a picture looks instead of which one it is.
TRUE_TO_COLOUR = {
    "lossless": ("ffv1", dict[str, str](), "yuv444p"),
    "lossless10": ("ffv1", {"level": "3"}, "yuv420p10le"),
    "interlaced": ("libx264", {"crf": "5", "x264-params": "bff=1", "g": "12"}, "yuv444p"),
    "good": ("libx264", {"crf": "5", "g": "12"}, "yuv444p"),
}


def number_of(picture: np.ndarray) -> int:
    """Read the number that is painted along the top of (H, W, 3) uint8 RGB."""
    height, width = picture.shape[:2]
    rows = picture[height // 40 : height // 8].mean(axis=(0, 2))
    edges = [(int((i + 0.3) * width / BITS), int((i + 0.7) * width / BITS)) for i in range(BITS)]
    return sum(int(rows[a:b].mean() > 128) << i for i, (a, b) in enumerate(edges))


def picture(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Paint a number as ten blocks along the top, lowest bit on the left, with something moving below."""
    y, x = np.mgrid[:height, :width]
    wave = 128 + 60 * np.sin((x + 3 * number) / 9) + 40 * np.cos((y - 2 * number) / 7)
    frame = np.stack([wave, 255 - wave, wave[:, ::-1]], axis=-1).clip(0, 255).astype(np.uint8)
    for bit in range(BITS):
        part = slice(bit * width // BITS, (bit + 1) * width // BITS)
        frame[: height // 6, part] = 235 if number >> bit & 1 else 20
    return frame


def pictures(num_frames: int = NUM_FRAMES, height: int = HEIGHT, width: int = WIDTH) -> Iterator[np.ndarray]:
    return (picture(number, height, width) for number in range(num_frames))


@contextmanager
def _muxer(path: Path, options: Mapping[str, str] = MappingProxyType({})) -> Iterator[av.container.OutputContainer]:
    formats = {".m4v": "mp4", ".m2ts": "mpegts", ".mts": "mpegts", ".ts": "mpegts", ".mpg": "vob", ".mpeg": "vob"}
    formats |= {".mkv": "matroska"}
    with av.open(str(path), "w", format=formats.get(path.suffix), options=dict(options)) as container:
        yield container


def encode(
    path: Path,
    codec: str,
    frames: Iterator[np.ndarray] | Sequence[np.ndarray] | None = None,
    *,
    times: Callable[[int], int] | None = None,
    options: Mapping[str, str] = MappingProxyType({}),
    prepare: Callable[[av.VideoStream], None] = lambda stream: None,
    as_frame: Callable[[np.ndarray], av.VideoFrame] | None = None,
) -> Path:
    """Write numbered frames, or the given ones.

    Args:
        path: its suffix chooses the container.
        codec: of `CODECS` or `TRUE_TO_COLOUR`.
        frames: (H, W, 3) uint8 RGB.
        times: index -> milliseconds, for a variable frame rate.
        options: of the muxer.
        prepare: sets what else the stream is to say.
        as_frame: makes a frame to encode; None takes RGB as BT.601.
    """
    encoder, settings, pixels = {**CODECS, **TRUE_TO_COLOUR}[codec]
    with _muxer(path, options) as container:
        stream = None
        for i, array in enumerate(pictures() if frames is None else frames):
            if stream is None:
                stream = container.add_stream(encoder, rate=FPS, options=dict(settings))
                stream.height, stream.width, stream.pix_fmt = *array.shape[:2], pixels
                stream.codec_context.thread_count = 1
                if times:
                    stream.codec_context.time_base = Fraction(1, 1000)
                prepare(stream)
            frame = as_frame(array) if as_frame else av.VideoFrame.from_ndarray(array, format="rgb24")
            if times:
                frame.pts, frame.time_base = times(i), Fraction(1, 1000)
            elif as_frame:
                frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode())
    return path


def remux(
    source: Path,
    target: Path,
    *,
    keep: Callable[[int], bool] = lambda number: True,
    shift_frames: int = 0,
    change: Callable[[int, bytes], bytes] = lambda number, content: content,
    times: Callable[[int], tuple[int, int]] | None = None,
    options: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Copy the packets of a file into another without re-encoding.

    Args:
        keep: number of the packet -> whether it is written.
        shift_frames: by which all is shown later.
        change: number of the packet and its content -> what is written.
        times: number of the packet -> when it is shown and decoded, in frames.
        options: of the muxer.
    """
    with av.open(str(source)) as read, _muxer(target, options) as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream, opaque=True)
        frame = int(1 / (FPS * stream.time_base))
        for number, packet in enumerate(p for p in read.demux(stream) if p.size):
            if not keep(number):
                continue
            made = av.Packet(change(number, bytes(packet)))
            made.time_base, made.duration, made.is_keyframe = packet.time_base, frame, packet.is_keyframe
            pts, dts = (time * frame for time in times(number)) if times else (packet.pts, packet.dts)
            made.pts = None if pts is None else pts + shift_frames * frame
            made.dts = None if dts is None else dts + shift_frames * frame
            made.stream = copy
            written.mux(made)
    return target


def cut_end(path: Path, num_frames: int) -> Path:
    """End an MP4's edit list after so many frames, as an editor does that cuts without re-encoding."""
    content = bytearray(path.read_bytes())
    movie = content.index(b"mvhd")
    timescale = struct.unpack_from(">I", content, movie + 16)[0]
    edits = content.index(b"elst")
    assert content[edits + 4] == 0 and struct.unpack_from(">I", content, edits + 8)[0] == 1
    struct.pack_into(">I", content, edits + 12, num_frames * timescale // FPS)
    path.write_bytes(content)
    return path


def two_streams(path: Path, codec: str, other: tuple[int, int], default: int = -1) -> Path:
    """Write a file with a plain stream of another size before the numbered one.

    Args:
        other: height and width of the first stream.
        default: which of the two is marked as the default; -1 leaves it to the muxer.
    """
    encoder, settings, pixels = CODECS[codec]
    with _muxer(path) as container:
        streams = []
        for height, width in (other, (HEIGHT, WIDTH)):
            stream = container.add_stream(encoder, rate=FPS, options=dict(settings))
            stream.height, stream.width, stream.pix_fmt = height, width, pixels
            stream.codec_context.thread_count = 1
            streams.append(stream)
        if default >= 0:
            for i, stream in enumerate(streams):
                stream.disposition = av.stream.Disposition.default if i == default else av.stream.Disposition(0)
        for number, frame in enumerate(pictures()):
            first = np.full((*other, 3), 128, np.uint8) if default != 0 else picture(number, *other)
            for stream, array in zip(streams, (first, frame), strict=True):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode())
    return path


def xvid_packed(path: Path) -> Path:
    """Write MPEG-4 with packed B-frames, as XviD writes it into AVI.

    A chunk holds a frame and the B-frame before it, and the next chunk is a picture that is not coded.
    """
    plain = encode(path.with_suffix(".plain.avi"), "mpeg4_b", pictures())
    with av.open(str(plain)) as source:
        stream = source.streams.video[0]
        packets = [(bytes(p), p.is_keyframe) for p in source.demux(stream) if p.size]
        with _muxer(path) as written:
            copy = written.add_stream_from_template(stream, opaque=True)
            chunks = _packed([content for content, _ in packets])
            for number, content in enumerate(chunks):
                made = av.Packet(content)
                made.pts = made.dts = number
                made.time_base, made.duration = Fraction(1, FPS), 1
                made.is_keyframe, made.stream = number == 0, copy
                written.mux(made)
    plain.unlink()
    return path


def _packed(contents: Sequence[bytes]) -> list[bytes]:
    user_data = b"\0\0\1\xb2DivX503b1393p"
    vop = b"\0\0\1\xb6"
    first = contents[0].index(vop)
    contents = [contents[0][:first] + user_data + contents[0][first:], *contents[1:]]
    is_b = [content[content.index(vop) + 4] >> 6 == 2 for content in contents]
    chunks, i = [], 0
    while i < len(contents):
        j = i + 1
        while j < len(contents) and is_b[j]:
            j += 1
        group = contents[i:j]  # a reference frame and the B-frames that are shown before it
        if len(group) == 1:
            chunks.append(group[0])
        else:
            chunks.append(group[0] + group[1])
            chunks += group[2:]
            chunks.append(b"\0\0\1\xb6\x5f\xff\xff")  # a P-picture that is not coded
        i = j
    return chunks
