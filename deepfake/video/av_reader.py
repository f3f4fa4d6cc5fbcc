"""PyAV, the main reader. It follows the packet table; what does not fit the table is an error and never a frame.

Source: PyAV 18.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.decoder import Decoder
from deepfake.video.lookup import ByCount, ByTime
from deepfake.video.packets import raise_machine_fault
from deepfake.video.picture import Picture, deinterlaced
from deepfake.video.reader import VideoInfo, VideoReader

# A longer time without a frame is reported: it may be an unreadable part of the file, or only a still screen.
_GAP_S = 0.5
_GAP_FRAMES = 10
_OTHER_ASPECT = "some frames declare another pixel shape than the first; the first frame's shape is used for all"


class AvReader(VideoReader):
    """A file opened with PyAV.

    Args:
        path: an existing file that is not empty.

    Raises:
        UnreadableVideoError: the file holds no video, or none of its frames can be decoded.
        OSError: the machine cannot read the file, for example because permission is missing.
    """

    name = "av"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._decoder = Decoder(path)
        try:
            self._survey()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._decoder.close()

    @property
    def seconds(self) -> np.ndarray | None:
        """(F,) the time of each frame in seconds from the first; None if the file has no times."""
        table = self._decoder.table
        if not table.by_time:
            return None
        times = table.times[table.order]
        return (times - times[0]) * float(self._decoder.stream.time_base or 0)

    def _survey(self) -> None:
        """Decode the first frame, or all frames if the file has no times."""
        decoder = self._decoder
        if not len(decoder.table) or (decoder.table.by_time and not len(decoder.table.order)):
            raise UnreadableVideoError(self.path, "it holds no frame that is shown")
        first = next((frame for _, frame in decoder.decoded(None)), None)
        if first is None:
            raise UnreadableVideoError(self.path, "none of its frames can be decoded")
        self.picture = Picture.of(first, decoder.stream.sample_aspect_ratio)
        self._aspect = decoder.stream.codec_context.sample_aspect_ratio
        doubtful = first.interlaced_frame or (decoder.stream.codec_context.has_b_frames and not decoder.table.reorders)
        by_time = ByTime(decoder) if decoder.table.by_time else None
        if by_time and doubtful and not by_time.holds():
            by_time = None
            decoder.use(decoder.table.without_times())
        self._lookup = by_time or ByCount(decoder)
        self.info = self._info(first)

    def _info(self, first: av.VideoFrame) -> VideoInfo:
        table, stream, container = self._decoder.table, self._decoder.stream, self._decoder.container
        num_frames, num_hidden = self._lookup.num_frames, int(table.hidden.sum())
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        seconds = self.seconds
        if seconds is not None and num_frames > 1:
            measured = (num_frames - 1) / float(seconds[-1])
            # Take the rate from the file unless its times contradict it; Matroska rounds times to milliseconds.
            rate = rate if rate and abs(measured / rate - 1) < 0.01 else measured
        remarks = list(self.picture.remarks)
        if num_hidden:
            remarks.append(f"{num_hidden} stored frames are not shown, as the file marks them hidden")
        if self._lookup.num_unshown:
            remarks.append(f"{self._lookup.num_unshown} frames before the first key frame cannot be shown")
        if table.num_gaps:
            places = f"{table.num_gaps} place{'s' * (table.num_gaps > 1)}"
            remarks.append(
                f"no frame is stored for longer than usual in {places}; {stream.codec_context.name} cannot "
                "tell whether a frame is missing there that later ones refer to"
            )
        if self._decoder.num_streams > 1:
            size = f"{stream.width}x{stream.height}"
            remarks.append(f"of {self._decoder.num_streams} video streams, number {stream.index} ({size}) is read")
        return VideoInfo(
            num_frames=num_frames,
            fps=rate,
            height=self.picture.height,
            width=self.picture.width,
            num_missing=max(0, _num_declared(container, stream) - len(table)),
            duration_s=num_frames / rate if rate else 0.0,
            num_hidden=num_hidden,
            container=container.format.name,
            codec=stream.codec_context.name,
            num_streams=self._decoder.num_streams,
            turn=self.picture.turn,
            pixel_aspect=float(stream.sample_aspect_ratio or 0),
            transfer=self.picture.transfer,
            times_s=() if seconds is None else tuple(seconds.tolist()),
            key_frames=tuple(np.flatnonzero(table.keys[table.order]).tolist()) if table.by_time else (),
            lost=self._lost(seconds, rate),
            interlaced=first.interlaced_frame,
            remarks=tuple(remarks),
        )

    def _lost(self, seconds: np.ndarray | None, rate: float) -> tuple[str, ...]:
        """Describe what is missing according to the times, for a file whose header counts no frames."""
        holes = self._decoder.table.num_holes
        lost = [f"frames that others refer to are missing in {holes} place{'s' * (holes > 1)}"] if holes else []
        if seconds is None or len(seconds) < 2 or not rate:
            return tuple(lost)
        gaps = np.diff(seconds)
        widest = int(gaps.argmax())
        if gaps[widest] > max(_GAP_S, _GAP_FRAMES * float(np.median(gaps))):
            lost.append(f"no frame is stored for {gaps[widest]:.1f} s after frame {widest}")
        container, end = self._decoder.container, float(seconds[-1]) + 1 / rate
        declared = (container.duration or 0) / 1e6 if len(container.streams) == 1 else 0.0
        if "matroska" in container.format.name and declared - end > max(_GAP_S, 0.05 * declared):
            lost.append(f"the file declares {declared:.1f} s and holds {end:.1f} s")
        return tuple(lost)

    def _decode(self, indices: Sequence[int]) -> np.ndarray:
        places: dict[int, list[int]] = {}
        for place, index in enumerate(indices):
            places.setdefault(index, []).append(place)
        # Filled frame by frame, since a second copy of a 4K segment would take 200 MB.
        frames = np.empty((len(indices), self.info.height, self.info.width, 3), np.uint8)
        for run in _runs(sorted(places)):
            for index, frame in zip(run, self._progressive(run), strict=True):
                frames[places.pop(index)] = self._pixels(frame)
        return frames

    def _progressive(self, run: range) -> list[av.VideoFrame]:
        if not self.info.interlaced:
            frames = self._known(run)
            if not any(frame.interlaced_frame for frame in frames):
                return frames
        # Include a neighbour on each side, so a frame is the same in whichever run it is read.
        around = range(max(0, run.start - 1), min(self.info.num_frames, run.stop + 1))
        stored = self._known(around)
        try:
            return deinterlaced(stored)[run.start - around.start :][: len(run)]
        except (FFmpegError, ValueError) as error:  # for example, the size changes within the run
            raise_machine_fault(error, self.path)
            raise UnreadableVideoError(self.path, f"its frames cannot be deinterlaced: {error}") from error

    def _known(self, run: range) -> list[av.VideoFrame]:
        """Return the frames at these indices, and add changes within the file to `info.remarks`."""
        frames, remarks = self._lookup.frames(run), dict.fromkeys(self.info.remarks)
        for index, frame in zip(run, frames, strict=True):
            try:
                remarks |= dict.fromkeys(self.picture.changes(frame))
            except ValueError as error:
                raise UnreadableVideoError(self.path, f"frame {index} {error}") from error
        if self._decoder.stream.codec_context.sample_aspect_ratio != self._aspect:
            remarks[_OTHER_ASPECT] = None
        if len(remarks) > len(self.info.remarks):
            self.info = replace(self.info, remarks=tuple(remarks))
        return frames

    def _pixels(self, frame: av.VideoFrame) -> np.ndarray:
        try:
            return self.picture.pixels(frame)
        except (FFmpegError, ValueError) as error:
            raise_machine_fault(error, self.path)
            raise UnreadableVideoError(self.path, f"a frame cannot be converted to a picture: {error}") from error


def _num_declared(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """Return the number of frames that the header promises; 0 if it gives none.

    In MP4, frames that an edit list leaves out do not count.
    """
    if "mp4" in container.format.name and len(stream.index_entries) > 1:
        return len(stream.index_entries)
    return stream.frames


def _runs(indices: list[int]) -> list[range]:
    """Split ascending indices into runs of consecutive ones.

    Example:
        >>> _runs([3, 4, 5, 9])
        [range(3, 6), range(9, 10)]
    """
    cuts = np.flatnonzero(np.diff(indices) > 1) + 1
    return [range(int(run[0]), int(run[-1]) + 1) for run in np.split(np.array(indices), cuts)]
