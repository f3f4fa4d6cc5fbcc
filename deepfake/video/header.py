"""What a file's header says of its coding, read without decoding a frame."""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.packets import codec_of, raise_machine_fault, video_streams


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
    try:
        with av.open(str(path)) as container:
            streams = video_streams(container)
            if not streams:
                raise UnreadableVideoError(path, "it holds no video stream")
            return Header(codec_of(streams[0]), streams[0].bit_rate or None)
    except FFmpegError as error:
        raise_machine_fault(error, path)
        raise UnreadableVideoError(path, error.strerror or str(error)) from error
