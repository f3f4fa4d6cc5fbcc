"""How long a video is by what its container says, without decoding a frame."""

from pathlib import Path

import av
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.packets import packets_of, raise_machine_fault, video_streams


def length_s(path: Path) -> float | None:
    """Return the seconds that a container says, or those from its first to its last frame; None if neither is known.

    A recording of a browser has no length in its header, and a bare stream no times either.

    Raises:
        UnreadableVideoError: the file is missing, or holds no video.
        OSError: the machine cannot read the file.
    """
    try:
        with av.open(str(path)) as container:
            streams = video_streams(container)
            if not streams:
                raise UnreadableVideoError(path, "it holds no video stream")
            if container.duration is not None:
                return float(container.duration / av.time_base)
            times = [packet.pts for packet in packets_of(container, streams[0]) if packet.pts is not None]
            base = streams[0].time_base
            return float((max(times) - min(times)) * base) if times and base is not None else None
    except FFmpegError as error:
        raise_machine_fault(error, path)
        raise UnreadableVideoError(path, error.strerror or str(error)) from error
