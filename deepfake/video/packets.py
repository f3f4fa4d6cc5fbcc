"""The packet table: what a file holds, read in one pass over its packets without decoding.

A player shows frames in the order of their times. The container says when each packet's frame is shown, whether an
edit list hides it, and at which packets decoding can start. So the table is the ground truth for a file, and a
reader's frames are checked against it.

Some containers have no such times: AVI and bare streams store packets in decoding order, and FFmpeg invents times. In
those, and if a packet is not always a frame, `by_time` is False and the order is the decoder's.

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

# Errors of the machine; every other FFmpeg error is a fact about the file. EIO is not among them, since FFmpeg also
# reports it for some truncated files.
_OF_THE_MACHINE = {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT}
_RESYNCS = 1000  # each skips 64 kB without a packet in a transport stream
# These containers store no times, or decoding times only.
_WITHOUT_TIMES = {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "obu", "mjpeg", "mpeg"}
# Codecs in which a packet is a frame in every container; Matroska and MP4 hold a pair of fields in one packet.
FRAME_A_PACKET = {"h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "ffv1", "prores"}
FRAME_A_PACKET |= {"dnxhd", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "png", "vvc", "theora", "cfhd", "dvvideo"}
# Shorter MPEG-4 packets hold no frame but a picture that is not coded, as XviD leaves after a packed pair.
_MPEG4_FRAME = 16
# The most packets by which presentation and storage order differ; decoders keep 16 pictures for reordering.
_MAX_REORDER = 64


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The N packets of one video stream in file order, leaving out empty ones.

    Attributes:
        times: (N,) int64, presentation time of each frame in units of the stream's `time_base`; if `by_time` is False,
            the packet's position in the file.
        seeks: (N,) int64, the time to seek to in order to land at a packet or before it.
        keys: (N,) bool, whether decoding can start here.
        hidden: (N,) bool, whether no player shows the frame: cut off by an edit list, or for reference only.
        torn: (N,) bool, whether the container marks the content as damaged, or a picture is missing before it that it
            or later packets may refer to.
        order: (F,) int64, packets whose frames are shown, in presentation order; empty if `by_time` is False.
        by_time: whether `times` are the file's own, so that a frame can be found by its time.
        num_holes: places where a picture is missing.
        num_gaps: places without a frame for longer than usual, where it is unknown whether a picture is missing.
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
        """Whether frames are stored in another order than they are shown."""
        return bool((np.diff(self.times) < 0).any())

    def first_key_for(self, packet: int) -> int:
        """Return the last packet from which decoding gives this packet's frame; 0 if there is none.

        It is a key packet that is stored no later and shown no later. A frame that is stored after a key packet and
        shown before it (a leading picture of an open group) needs the group before.
        """
        fits = np.flatnonzero(self.keys[: packet + 1] & (self.times[: packet + 1] <= self.times[packet]))
        return int(fits[-1]) if len(fits) else 0

    def without_times(self) -> "PacketTable":
        """Return the same packets as a table for a decoder that counts frames."""
        places = np.arange(len(self))
        return replace(self, times=places, order=np.zeros(0, np.int64), by_time=False)


def video_streams(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Return the video streams that can be decoded, beginning with the one that `ffmpeg` and players choose.

    They choose the default stream, and the largest if there are several. Cover art does not count.
    """
    streams = [s for s in container.streams.video if s.codec_context and not s.disposition & Disposition.attached_pic]
    return sorted(streams, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height), reverse=True)


def codec_of(stream: av.VideoStream) -> str:
    """Return FFmpeg's name of the codec, such as `av1`, whichever of its decoders is used."""
    return stream.codec_context.codec.canonical_name


def raise_machine_fault(error: Exception, path: Path | None = None) -> None:
    """Return if an error is a fact about the file.

    Raises:
        OSError: the error is the machine's, so a later attempt may succeed.
    """
    if isinstance(error, FFmpegError) and error.errno in _OF_THE_MACHINE:
        raise OSError(error.errno, error.strerror, *([str(path)] if path else [])) from error
    if isinstance(error, MemoryError):  # PyAV's error for ENOMEM
        raise error


def packets_of(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    """Yield all packets that can be read, also around a part of the file that is cut off or overwritten.

    Raises:
        OSError: the machine cannot read the file.
    """
    for _ in range(_RESYNCS):
        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
            return
        except BlockingIOError:  # EAGAIN: FFmpeg has not found the next packet yet, and may be asked again
            continue
        except FFmpegError as error:
            raise_machine_fault(error)
            return


def read_table(container: av.container.InputContainer, stream: av.VideoStream) -> PacketTable:
    """Read all packets of a stream that was just opened."""
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
        rows.pop()  # the last packet of a truncated file
    if not rows:
        none = np.zeros(0, np.int64)
        return PacketTable(none, none, none > 0, none > 0, none > 0, none, by_time=False)
    times, dts, *columns, packet_places = zip(*rows, strict=True)
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
            # MPEG-2 counts within a group and H.264 up to 16 or more; the times reveal what is missing beyond that.
            at_least = max(place.modulus for place in packet_places) - 1 if codec == "h264" else 1
            by_gaps = uncertain or codec in COUNTED_BY_GROUP or at_least > 1
            gaps, regular = (
                behind_gaps(table.times, table.order, packet_places, keys, at_least) if by_gaps else ([], True)
            )
            holes = lacking(codec, packet_places, keys, table.times)
            table = _holed(table, sorted({*holes, *(gaps if regular else ())}))
            return table if regular or not uncertain else replace(table, num_gaps=len(gaps))
    if uncertain and None not in dts:  # as in AVI, where an empty packet means an unchanged picture
        counted = replace(counted, num_gaps=len(behind_gaps(np.array(dts, np.int64), places, packet_places, keys)[0]))
    return _holed(counted, lacking(codec, packet_places, keys, None))


def _holed(table: PacketTable, holes: list[int]) -> PacketTable:
    torn = table.torn.copy()
    torn[holes] = True
    return replace(table, torn=torn, num_holes=len(holes))


def _ordered(times: np.ndarray, seeks: np.ndarray, table: PacketTable) -> PacketTable | None:
    """Return the table in the order of the times; None if the times cannot be true."""
    order = np.argsort(times)
    if len(times) == 0 or np.abs(np.argsort(order) - np.arange(len(times))).max() > _MAX_REORDER:
        return None  # the clock starts again, as where two recordings were joined
    order = order[~table.hidden[order]]
    first = int(np.argmax(table.keys))
    if table.keys[first]:
        # Decoders do not show frames before the first key frame, as in a broadcast recorded from the middle.
        order = order[(order >= first) & (times[order] >= times[first])]
    return replace(table, times=times, seeks=seeks, order=order, by_time=True)


def _hidden_vp8(content: bytes) -> bool:
    """Return whether a VP8 frame is for reference only: the `show_frame` bit of its first byte is not set."""
    return not content[0] >> 4 & 1
