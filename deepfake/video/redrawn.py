"""Copies a video with something drawn on its pictures: H.264 in MP4 that browsers play, and the sound as it was.

The pictures are those that a player shows, upright and with square pixels, at their own times. Sound that browsers play
in MP4 is copied packet by packet; other sound becomes AAC.

Source: PyAV 18; MDN, "Web audio codec guide", for what is played in MP4.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import cast

import av
import numpy as np
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.door import open_video
from deepfake.video.packets import raise_machine_fault, video_streams
from deepfake.video.reader import VideoReader

Draw = Callable[[int, np.ndarray], np.ndarray]
_COPIED = {"aac", "mp3", "opus", "flac"}
_TICKS = Fraction(1, 90_000)
_OPTIONS = MappingProxyType({"crf": "20", "preset": "veryfast"})
_CHUNK = 64_000_000  # bytes of pictures that are held at a time
_RATE = 25  # of a file that does not tell its own


def write_redrawn(source: Path, target: Path, draw: Draw) -> str:
    """Write a copy of a video, and return in words what was done with its sound and which frames are missing.

    Args:
        source: the video.
        target: the MP4 to write; another file than the source, which is overwritten if it is there.
        draw: (number of a frame, its picture (H, W, 3) uint8 RGB) -> the picture of the copy, of the same shape.

    Raises:
        UnreadableVideoError: the source cannot be read.
        OSError: the disk is full or read-only.
    """
    try:
        with ExitStack() as open_:
            video = open_.enter_context(open_video(source))
            stored = open_.enter_context(av.open(str(source)))
            copy = open_.enter_context(av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}))
            info = video.info
            padding = ((0, info.height % 2), (0, info.width % 2), (0, 0))  # H.264 of 4:2:0 has even sides
            height, width = info.height + info.height % 2, info.width + info.width % 2
            stream = copy.add_stream("libx264", rate=Fraction(info.fps or _RATE).limit_denominator(90_000))
            stream.height, stream.width, stream.pix_fmt, stream.options = height, width, "yuv420p", dict(_OPTIONS)
            stream.codec_context.time_base = _TICKS
            sound = _Sound(stored, copy)
            lost = 0
            for index, second, picture in _pictures(video):
                if picture is None:
                    lost += 1
                    continue
                frame = av.VideoFrame.from_ndarray(np.pad(draw(index, picture), padding, "edge"), format="rgb24")
                frame.pts, frame.time_base = round((second + sound.lead) / _TICKS), _TICKS
                copy.mux(stream.encode(frame))
                sound.write(second + sound.lead)
            copy.mux(stream.encode(None))
            sound.write(None)
    except FFmpegError as error:
        raise_machine_fault(error, source)
        raise UnreadableVideoError(source, f"it cannot be copied: {error.strerror}") from error
    return "; ".join(filter(None, [sound.remark, f"{lost} frames that cannot be decoded are left out" if lost else ""]))


def _pictures(video: VideoReader) -> Iterator[tuple[int, float, np.ndarray | None]]:
    """Yield the number, the time in seconds and the picture of every frame; None for one that cannot be decoded."""
    info = video.info
    step = max(1, _CHUNK // (info.height * info.width * 3))
    for start in range(0, info.num_frames, step):
        span = range(start, min(start + step, info.num_frames))
        for index, picture in zip(span, _read(video, span), strict=True):
            yield index, info.times_s[index] if info.times_s else index / (info.fps or _RATE), picture


def _read(video: VideoReader, span: range) -> Iterator[np.ndarray | None]:
    try:
        yield from video.read(span)
    except UnreadableVideoError:
        for index in span:
            try:
                yield video.read([index])[0]
            except UnreadableVideoError:
                yield None


class _Sound:
    """Puts the sound of a file into a copy, piece by piece, so that it lies beside the pictures of its time.

    Args:
        stored: the file, read for its sound alone.
        copy: what is written.

    Attributes:
        remark: what is done with it, in words.
        lead: seconds of sound before the first picture; the copy begins with whichever comes first.
    """

    def __init__(self, stored: av.container.InputContainer, copy: av.container.OutputContainer) -> None:
        self._copy = copy
        self._packets: Iterator[av.Packet] = iter(())
        self._waiting: av.Packet | None = None
        self._resampler: av.AudioResampler | None = None
        self.remark, self.lead = "it has no sound", 0.0
        source = stored.streams.best("audio")
        if not isinstance(source, av.AudioStream):
            return
        codec = source.codec_context.codec.canonical_name
        if codec in _COPIED:
            self._stream = copy.add_stream_from_template(source)
            self.remark = f"its sound ({codec}) is copied"
        else:
            self._stream = copy.add_stream("aac", rate=source.rate, layout=source.layout)
            self._resampler = av.AudioResampler("fltp", source.layout, source.rate, self._stream.frame_size or 1024)
            self.remark = f"its sound ({codec}) is encoded anew as AAC, since browsers do not play it in MP4"
        if len(stored.streams.audio) > 1:
            self.remark += f"; of {len(stored.streams.audio)} sound tracks, number {source.index} is kept"
        first = video_streams(stored)[0]
        self._ticks = Fraction(source.time_base or 0)
        seen_at = (first.start_time or 0) * Fraction(first.time_base or 0)
        self._shift = min(seen_at, (source.start_time or 0) * self._ticks)
        self.lead = float(seen_at - self._shift)
        self._packets = stored.demux(source)

    def write(self, until: float | None) -> None:
        """Write what is heard before a time in seconds; None writes all the rest."""
        while (packet := self._waiting or next(self._packets, None)) is not None:
            self._waiting = packet
            if packet.dts is not None and until is not None and packet.dts * self._ticks - self._shift > until:
                return
            self._waiting = None
            self._put(packet)

    def _put(self, packet: av.Packet) -> None:
        shift = round(self._shift / self._ticks)
        if self._resampler is None:
            if packet.dts is not None:  # the last packet is empty
                packet.dts, packet.pts = packet.dts - shift, None if packet.pts is None else packet.pts - shift
                packet.stream = self._stream
                self._copy.mux(packet)
            return
        frames = cast(list[av.AudioFrame], packet.decode())
        for frame in frames:
            frame.pts = None if frame.pts is None else frame.pts - shift
        for piece in [*frames, None] if packet.dts is None else frames:
            for resampled in self._resampler.resample(piece):
                self._copy.mux(self._stream.encode(resampled))
        if packet.dts is None:
            self._copy.mux(self._stream.encode(None))
