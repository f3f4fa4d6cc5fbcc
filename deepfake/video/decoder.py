"""Decode a video stream from any of its key packets on. Packets are counted, so each frame has a number.

On the way to a frame the decoder skips frames that no other refers to (`skip_frame=NONREF`). The pixels are the same,
and it decodes 1.2 to 1.9 times fewer frames where groups are long.

Source: PyAV 18, FFmpeg 8: `avformat_seek_file`, `AVDISCARD_NONREF`, `AV_FRAME_FLAG_CORRUPT`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
from av.error import FFmpegError

from deepfake.errors import UnreadableVideoError
from deepfake.video.overwritten import overwritten
from deepfake.video.packets import (
    FRAME_A_PACKET,
    PacketTable,
    codec_of,
    packets_of,
    raise_machine_fault,
    read_table,
    video_streams,
)

# These decoders conceal damage without reporting it, unless they are told to stop at it.
_SILENT = {"hevc", "mjpeg"}
# Codecs with frames that are stored after a key frame and shown before it.
_LEADING = {"mpeg1video", "mpeg2video", "h264", "hevc", "vvc"}
_TRIES = 3  # seeks, each to an earlier group, before decoding starts at the beginning of the file
_NEAR = 64  # a packet at most this far ahead is reached by reading instead of seeking


class Decoder:
    """An open file, its packet table, and a single-threaded decoder of its best video stream.

    Args:
        path: the file.

    Attributes:
        stream: the video stream that players choose.
        num_streams: number of video streams in the file.
        table: the stream's packet table.
        faults: packets since decoding began on which the decoder failed, or which it marked as damaged.

    Raises:
        UnreadableVideoError: the file is not a video.
        OSError: the machine cannot read the file.
    """

    # Called before each packet, so that a supervisor can tell a hanging decoder from a long file.
    heartbeat: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[int] = []
        self._next = 0  # the packet that is read next
        self._begun: int | None = None  # the packet at which decoding began; None before decoding and after its end
        self._open()
        self.table = read_table(self.container, self.stream)
        self.use(self.table)

    def use(self, table: PacketTable) -> None:
        """Switch to another table of the same packets and go back to the beginning of the file."""
        self.table = table
        self._number_of = {time: number for number, time in enumerate(table.times.tolist())}
        self._next = len(table) + 1  # past all packets, so that `go_to` reopens the file
        if len(table):
            self.go_to(0)

    def close(self) -> None:
        self.container.close()

    def reopen(self) -> None:
        """Open the file again, at the first packet."""
        self.close()
        self._open()
        self._stand(packets_of(self.container, self.stream), 0)

    def ready_for(self, start: int, first: int) -> bool:
        """Return whether decoding on is the shortest way to packets from `first` on, which need those from `start`."""
        return self._begun is not None and self._begun <= start < self._next <= first

    def go_to(self, packet: int) -> None:
        """Move to just before a packet, wherever a seek lands."""
        if not self._next <= packet <= self._next + _NEAR and not (self.table.by_time and self._seek(packet)):
            self.reopen()
        while self._next < packet:
            if next(self._packets, None) is None:
                raise UnreadableVideoError(self.path, "its packets cannot be read a second time")
            self._next += 1
        self._context.flush_buffers()
        self._stand(self._packets, packet)

    def decoded(self, needed: set[int] | None) -> Iterator[tuple[int | None, av.VideoFrame]]:
        """Decode from the current packet on.

        Args:
            needed: packets whose frames are needed; others are skipped if no frame refers to them. None needs all.

        Yields:
            The number of the frame's packet, if known, and the frame, in the order in which the decoder gives them.
        """
        context = self._context
        self._begun = self._next if self._begun is None else self._begun
        for packet in self._packets:
            if self._next >= len(self.table):
                break
            Decoder.heartbeat()
            number, self._next = self._next, self._next + 1
            if not self.table.by_time:
                packet.pts = packet.dts = number
            if self.table.torn[number] or overwritten(self._codec, bytes(packet)):
                self.faults.append(number)
            context.skip_frame = "DEFAULT" if needed is None or number in needed else "NONREF"
            try:
                frames = packet.decode()
            except FFmpegError as error:
                raise_machine_fault(error, self.path)
                self.faults.append(number)
                continue
            yield from self._numbered(frames)
        self._next, self._begun = len(self.table) + _NEAR + 1, None  # the decoder must be restarted
        try:
            frames = context.decode(None)  # frames that the decoder held back
        except FFmpegError as error:
            raise_machine_fault(error, self.path)
            return
        yield from self._numbered(frames)

    def silent(self, first: int, came: Sequence[int | None]) -> list[int]:
        """Return the packets from `first` on that should have given a frame but gave none, after all were decoded.

        Some packets rightly give none: XviD leaves packets without a picture, and decoders drop what is shown before
        the first key frame. If many packets give none, they hold single fields.
        """
        if self._codec not in FRAME_A_PACKET - {"mpeg4"} or None in came:
            return []
        gave, hidden = set(came), np.flatnonzero(self.table.hidden).tolist()
        if self._codec in _LEADING:
            first = min((number for number in gave if number is not None and number > first), default=first)
        silent = sorted(set(range(first, len(self.table))) - gave - set(hidden))
        return silent if len(silent) * 4 < len(self.table) else []

    def _numbered(self, frames: Sequence[av.VideoFrame]) -> Iterator[tuple[int | None, av.VideoFrame]]:
        for frame in frames:
            number = self._number_of.get(frame.pts)
            if number is not None and frame.is_corrupt:
                self.faults.append(number)
            yield number, frame

    def _open(self) -> None:
        try:
            self.container = av.open(str(self.path))
        except Exception as error:  # PyAV raises a dozen different types
            raise_machine_fault(error, self.path)
            raise UnreadableVideoError(self.path, "not a video, or cut off") from error
        streams = video_streams(self.container)
        if not streams:
            self.close()
            raise UnreadableVideoError(self.path, "it holds no video stream that can be decoded")
        stream, self.num_streams = streams[0], len(streams)
        if stream.codec_context.name in _SILENT:
            stream.codec_context.options = {"err_detect": "explode"}
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1  # each worker has one core
        self.stream, self._context, self._codec = stream, stream.codec_context, codec_of(stream)

    def _stand(self, packets: Iterator[av.Packet], number: int) -> None:
        self._packets, self._next, self._begun, self.faults = packets, number, None, []

    def _seek(self, packet: int) -> bool:
        """Seek to a packet or to one before it; return False if no seek lands there."""
        for key in reversed(np.flatnonzero(self.table.keys[: packet + 1])[-_TRIES:].tolist()):
            try:
                self.container.seek(int(self.table.seeks[key]), stream=self.stream)
            except FFmpegError as error:
                raise_machine_fault(error, self.path)
                continue
            packets = packets_of(self.container, self.stream)
            for landed in packets:
                number = self._number_of.get(landed.pts)
                if number is not None:
                    break
            else:
                continue
            if number <= packet:
                self._packets, self._next = chain([landed], packets), number
                return True
        return False
