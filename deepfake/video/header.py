"""What a file says of its coding and of its length, read without decoding a frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.packets import codec_of, packets_of, raise_machine_fault, video_streams


@dataclass(frozen=True, slots=True)
class Header:
    """The coding of the video stream that players choose.

    Attributes:
        codec: FFmpeg's name of the codec, such as `h264`.
        bitrate: bits per second of this stream; None where the container does not say (MP4 does, Matroska and AVI do
            not).
    """

    codec: str
    bitrate: int | None


def read_header(path: Path) -> Header:
    """Read the header of a file.

    Raises:
        UnreadableVideoError: the file is missing, or holds no video.
        OSError: the machine cannot read the file.
    """
    with _opened(path) as (_, stream):
        return Header(codec_of(stream), stream.bit_rate or None)


def length_s(path: Path) -> float | None:
    """Return the seconds that a container says, or those between its first and last frames; None if neither is known.

    A recording of a browser has no length in its header, and a bare stream has no times either.

    Raises:
        UnreadableVideoError: the file is missing, or holds no video.
        OSError: the machine cannot read the file.
    """
    with _opened(path) as (container, stream):
        if container.duration is not None:
            return float(container.duration / av.time_base)
        times = [packet.pts for packet in packets_of(container, stream) if packet.pts is not None]
        base = stream.time_base
        return float((max(times) - min(times)) * base) if times and base is not None else None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a file and its video stream; errors in the block are told as those of this file."""
    try:
        with av.open(str(path)) as container:
            streams = video_streams(container)
            if not streams:
                raise UnreadableVideoError(path, "it holds no video stream")
            yield container, streams[0]
    except FFmpegError as error:
        raise_machine_fault(error, path)
        raise UnreadableVideoError(path, error.strerror or str(error)) from error
