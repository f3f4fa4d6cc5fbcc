"""PyAV: the patient reader, for platforms without decord and for files on which decord fails.

The packets are listed once, without decoding, which tells how many frames are really there and when each is shown.
Then a frame is found by its time: seek to the key frame before it, decode up to it. Where the packets carry no times
(AVI), the frames are counted from the beginning.

Source: PyAV 14, `InputContainer.seek`, `VideoFrame.rotation`.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.reader import VideoInfo, VideoReader


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself before anything is decoded.

    Attributes:
        num_frames: 0 if it does not say.
        height: in pixels, before a rotation.
        width: in pixels, before a rotation.
    """

    num_frames: int
    height: int
    width: int


class AvReader(VideoReader):
    """A file opened with PyAV.

    Args:
        path: the file, which exists and is not empty.

    Raises:
        UnreadableVideoError: it holds no video, or no frame of it can be decoded.
    """

    name = "av"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._open()
        except Exception as error:  # PyAV raises a dozen kinds
            raise UnreadableVideoError(path, "not a video, or cut off") from error
        try:
            self.info, self._times = self._survey()
        except BaseException:
            self.close()
            raise

    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        places: dict[int, list[int]] = {}
        for place, index in enumerate(indices):
            places.setdefault(index, []).append(place)
        try:
            # Filled frame by frame: a second copy of a 4K segment would be 200 MB.
            frames = np.empty((len(indices), self.info.height, self.info.width, 3), np.uint8)
            for run in _runs(sorted(places)):
                for index, pixels in self._read_run(run):
                    frames[places.pop(index)] = pixels
        except (FFmpegError, ValueError, MemoryError) as error:  # as for a frame of an absurd size
            raise UnreadableVideoError(self.path, f"its frames cannot be decoded: {error}") from error
        if places:
            reason = f"frame {min(places)} cannot be decoded; the file is damaged or cut off"
            raise UnreadableVideoError(self.path, reason)
        return frames

    def close(self) -> None:
        self._container.close()

    def _open(self) -> None:
        self._container = av.open(str(self.path))
        for stream in self._container.streams.video:
            stream.thread_type = "NONE"  # a worker has one core

    def _survey(self) -> tuple[VideoInfo, list[int] | None]:
        """What the file is, and when each of its frames is shown, in the stream's unit."""
        if not self._container.streams.video:
            raise UnreadableVideoError(self.path, "it holds no video stream")
        listed = [(packet.pts, packet.is_discard) for packet in self._packets() if packet.size]
        shown = [time for time, hidden in listed if not hidden]
        times = sorted(time for time in shown if time is not None)
        # A frame is found by its time only if every frame has one of its own.
        by_time = bool(times) and len(shown) == len(set(times))
        first, count = None, 0
        for frame in self._frames(times[0] if by_time else None):
            first, count = first or frame, count + 1
            if by_time:
                break
        if first is None:
            raise UnreadableVideoError(self.path, "none of its frames can be decoded")
        count = len(times) if by_time else count
        self._size = first.width, first.height
        width, height = self._size[::-1] if round(first.rotation / 90) % 2 else self._size
        stream = self._container.streams.video[0]
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        return VideoInfo(count, rate, height, width, max(0, stream.frames - len(listed))), times if by_time else None

    def _read_run(self, run: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Consecutive frames with their indices, each once, as many of them as can be decoded."""
        if self._times is None:
            for index, frame in zip(run, islice(self._frames(None), run[0], run[-1] + 1), strict=False):
                yield index, self._pixels(frame)
            return
        index_of = {self._times[i]: i for i in run}
        for frame in self._frames(self._times[run[0]]):
            if frame.pts in index_of:
                yield index_of.pop(frame.pts), self._pixels(frame)
            if not index_of or (frame.pts is not None and frame.pts > self._times[run[-1]]):
                return

    def _frames(self, time: int | None) -> Iterator[av.VideoFrame]:
        """Decode from the key frame before a time on, or from the beginning, past what cannot be decoded."""
        if time is None:
            self.close()  # seeking to the beginning fails where there are no times
            self._open()
        stream = self._container.streams.video[0]
        try:
            if time is not None:
                self._container.seek(time, stream=stream)
            for packet in self._packets():
                with suppress(FFmpegError):
                    yield from packet.decode()
            yield from stream.codec_context.decode(None)  # what the decoder holds back, if the file ends early
        except FFmpegError:
            return

    def _packets(self) -> Iterator[av.Packet]:
        """All that can be read; where the file is cut off, the rest is lost and what came before is not."""
        with suppress(FFmpegError):
            yield from self._container.demux(video=0)

    def _pixels(self, frame: av.VideoFrame) -> np.ndarray:
        width, height = self._size  # a stream that changes its size goes on in that of its first frame
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
        return np.rot90(pixels, round(frame.rotation / 90) % 4)


def read_header(path: Path) -> Header:
    """What the header of a file says, true or not; it costs a millisecond or two.

    Raises:
        UnreadableVideoError: it has no header of a video.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return Header(stream.frames, stream.height, stream.width)
    except PermissionError as error:
        raise UnreadableVideoError(path, "no permission to read it") from error
    except Exception as error:  # PyAV raises a dozen kinds
        raise UnreadableVideoError(path, "not a video, or cut off") from error


def _runs(indices: list[int]) -> list[list[int]]:
    """Ascending indices, cut where one does not follow the other.

    Example:
        >>> _runs([3, 4, 5, 9])
        [[3, 4, 5], [9]]
    """
    cuts = np.flatnonzero(np.diff(indices) > 1) + 1
    return [run.tolist() for run in np.split(np.array(indices), cuts)]
