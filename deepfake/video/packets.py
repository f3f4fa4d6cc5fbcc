"""The packet table: what a file holds, by one pass over its packets. Nothing is decoded.

A player shows the frames in the order of their times. The container says when each packet's frame is shown, whether an
edit list hides it, and from which packets on decoding can start. So the table is the truth of a file, and a reader's
frames are checked against it.

Some containers have no such times: AVI and bare streams store packets in the order of decoding, and FFmpeg makes times
up. There, and where a packet is not always a frame, `by_time` is False and the order is that of the decoder.

Source: FFmpeg 8, `AVPacket`, `av_find_best_stream`, `mov_fix_index` (edit lists); RFC 6386, section 9.1 (VP8's
`show_frame`); ISO/IEC 14496-2, 6.2.5 (MPEG-4's VOPs that are not coded).
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition

from deepfake.video.missing import UNCOUNTED, behind_gaps, lacking
from deepfake.video.places import COUNTED_BY_GROUP, Counter, Place

# What the machine cannot do; everything else that FFmpeg says of a file is a fact about the file. It says EIO of some
# files that are cut off as well.
_OF_THE_MACHINE = {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT}
_RESYNCS = 1000  # 64 kB each that hold no packet of a transport stream
# They store no times, or times of decoding only.
_WITHOUT_TIMES = {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "obu", "mjpeg", "mpeg"}
# A packet is a frame, whatever the container; Matroska and MP4 hold a pair of fields in one packet.
FRAME_A_PACKET = {"h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "ffv1", "prores"}
FRAME_A_PACKET |= {"dnxhd", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "png", "vvc", "theora", "cfhd", "dvvideo"}
# Shorter packets of MPEG-4 are no frames: a picture that is not coded, as XviD leaves behind a packed pair.
_MPEG4_FRAME = 16
# Frames are shown at most so many packets earlier or later than they are stored; 16 pictures are kept for reordering.
_MAX_REORDER = 64


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The packets of one video stream in the order of the file, N of them, those without content left out.

    Attributes:
        times: (N,) int64, when each frame is shown, in units of the stream's `time_base`. Where `by_time` is False,
            the place of the packet in the file.
        seeks: (N,) int64, the time that a seek is given to land at a packet or before it.
        keys: (N,) bool, whether decoding can start here.
        hidden: (N,) bool, whether no player shows it: cut off by an edit list, or a frame for reference only.
        torn: (N,) bool, whether the container knows its content to be damaged, or a picture is missing in front of it
            to which it, or those behind it, may refer.
        order: (F,) int64, the packets whose frames are shown, in the order of showing. Empty if `by_time` is False.
        by_time: whether `times` are the file's own, so that a frame can be found by its time.
        num_holes: places where a picture is missing.
        num_gaps: places where none is stored for longer than usual, and it is not known whether one is missing.
    """

    times: np.ndarray
    seeks: np.ndarray
    keys: np.ndarray
    hidden: np.ndarray
    torn: np.ndarray
    order: np.ndarray
    by_time: bool
    num_holes: int = 0
    num_gaps: int = 0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def reorders(self) -> bool:
        """Whether frames are stored in another order than that of their times."""
        return bool((np.diff(self.times) < 0).any())

    def first_key_for(self, packet: int) -> int:
        """The last packet from which on decoding gives this packet's frame; 0 if there is none.

        That is a key packet, stored no later, whose own frame is shown no later. A frame that is stored behind a key
        packet and shown before it (a leading picture of an open group) needs the group before.
        """
        fits = np.flatnonzero(self.keys[: packet + 1] & (self.times[: packet + 1] <= self.times[packet]))
        return int(fits[-1]) if len(fits) else 0

    def without_times(self) -> "PacketTable":
        """The same packets, for a decoder that counts."""
        places = np.arange(len(self))
        return replace(self, times=places, order=np.zeros(0, np.int64), by_time=False)


def video_streams(container: av.container.InputContainer) -> list[av.VideoStream]:
    """The video streams that can be decoded, the one first that `ffmpeg` and players choose.

    That is the default one, and of several the largest. Cover art is no video.
    """
    streams = [s for s in container.streams.video if s.codec_context and not s.disposition & Disposition.attached_pic]
    return sorted(streams, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height), reverse=True)


def codec_of(stream: av.VideoStream) -> str:
    """FFmpeg's name of the codec, `av1`, whichever of its decoders is used."""
    return stream.codec_context.codec.canonical_name


def blame(error: Exception, path: Path | None = None) -> None:
    """Pass by an error that is a fact about the file.

    Raises:
        OSError: it is one of the machine, which another time may do better.
    """
    if isinstance(error, FFmpegError) and error.errno in _OF_THE_MACHINE:
        raise OSError(error.errno, error.strerror, *([str(path)] if path else [])) from error
    if isinstance(error, MemoryError):  # PyAV's own
        raise error


def packets_of(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    """All packets that can be read; where a file is cut off, or a part of it overwritten, the others are not lost.

    Raises:
        OSError: the machine does not hand over the file.
    """
    for _ in range(_RESYNCS):
        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
            return
        except BlockingIOError:  # FFmpeg's EAGAIN: it has not found the next packet yet, and may be asked again
            continue
        except FFmpegError as error:
            blame(error)
            return


def read_table(container: av.container.InputContainer, stream: av.VideoStream) -> PacketTable:
    """Read all packets of a stream that has just been opened."""
    codec = codec_of(stream)
    counter = Counter(codec, stream.codec_context.extradata)
    rows: list[tuple[int | None, int | None, bool, bool, bool, Place]] = []
    tiny = False
    for packet in packets_of(container, stream):
        content = bytes(packet)
        hidden = packet.is_discard or (codec == "vp8" and _hidden_vp8(content))
        tiny = tiny or packet.size < _MPEG4_FRAME
        rows.append((packet.pts, packet.dts, packet.is_keyframe, hidden, packet.is_corrupt, counter.place(content)))
    while rows and rows[-1][4]:
        rows.pop()  # the packet in which a file ends that was cut off
    if not rows:
        none = np.zeros(0, np.int64)
        return PacketTable(none, none, none > 0, none > 0, none > 0, none, by_time=False)
    times, dts, *columns, said = zip(*rows, strict=True)
    keys, hidden_, torn = (np.array(column, bool) for column in columns)
    places = np.arange(len(rows))
    counted = PacketTable(places, places, keys, hidden_, torn, places[:0], by_time=False)
    uncertain = codec in UNCOUNTED and not (codec == "mpeg4" and tiny)
    formats = set(container.format.name.split(","))
    timed = not (formats & _WITHOUT_TIMES or codec not in FRAME_A_PACKET or (codec == "mpeg4" and tiny))
    if timed and None not in times and len(set(times)) == len(times):
        seeks = [time if at is None else min(time, at) for time, at in zip(times, dts, strict=True)]
        table = _ordered(np.array(times, np.int64), np.array(seeks, np.int64), counted)
        if table is not None:
            # MPEG-2 counts within a group, and H.264 up to 16 or more: the times tell of what is missing beyond.
            at_least = max(place.modulus for place in said) - 1 if codec == "h264" else 1
            by_gaps = uncertain or codec in COUNTED_BY_GROUP or at_least > 1
            gaps, regular = behind_gaps(table.times, table.order, said, keys, at_least) if by_gaps else ([], True)
            holes = lacking(codec, said, keys, table.times)
            table = _holed(table, sorted({*holes, *(gaps if regular else ())}))
            return table if regular or not uncertain else replace(table, num_gaps=len(gaps))
    if uncertain and None not in dts:  # of AVI, where an empty packet says that nothing changes
        counted = replace(counted, num_gaps=len(behind_gaps(np.array(dts, np.int64), places, said, keys)[0]))
    return _holed(counted, lacking(codec, said, keys, None))


def _holed(table: PacketTable, holes: list[int]) -> PacketTable:
    torn = table.torn.copy()
    torn[holes] = True
    return replace(table, torn=torn, num_holes=len(holes))


def _ordered(times: np.ndarray, seeks: np.ndarray, table: PacketTable) -> PacketTable | None:
    """The table with the order that the times tell; None if they cannot be true."""
    order = np.argsort(times)
    if len(times) == 0 or np.abs(np.argsort(order) - np.arange(len(times))).max() > _MAX_REORDER:
        return None  # a clock that begins again, as where two recordings were put together
    order = order[~table.hidden[order]]
    first = int(np.argmax(table.keys))
    if table.keys[first]:
        # No decoder shows what comes before the first key frame, as in a broadcast that is recorded from the middle.
        order = order[(order >= first) & (times[order] >= times[first])]
    return replace(table, times=times, seeks=seeks, order=order, by_time=True)


def _hidden_vp8(content: bytes) -> bool:
    """Whether a VP8 frame is for reference only: the bit `show_frame` of its first byte is not set."""
    return not content[0] >> 4 & 1
