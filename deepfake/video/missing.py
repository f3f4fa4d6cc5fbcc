"""Whether pictures are missing between the packets of a file: those behind refer to them and show something else.

A decoder puts another picture in the place of a missing one and does not say so. H.264 counts the pictures to which
others refer (`frame_num`), MPEG-1 and MPEG-2 all of a group (`temporal_reference`); there a hole is seen for certain.
The decoder of HEVC says what it lacks. VP8, VP9, AV1, MPEG-4 and FFV1 do not count, or not so that it can be relied
on: a hole in times that are regular otherwise is taken for one in the pictures, and where times are not regular, or
there are none, nothing is known.

Source: ITU-T H.264, 7.3.2.1, 7.3.2.2, 7.3.3 and 7.4.3 (`frame_num`); ISO/IEC 13818-2, 6.2.3 and 6.3.9
(`temporal_reference`); ISO/IEC 14496-2, 6.2.5 (`vop_coding_type`); ISO/IEC 14496-15, 5.3.3 (`avcC`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

UNCOUNTED = {"vp8", "vp9", "av1", "mpeg4", "ffv1", "theora"}  # codecs of which the times alone tell what is missing
_START = re.compile(rb"\0\0\x01")
_SLICES = {1, 2, 5}  # H.264's units that begin with the header of a slice
_HIGH = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}  # profiles that say how chroma is stored
_PICTURE, _GROUP, _VOP = b"\0\0\1\0", b"\0\0\1\xb8", b"\0\0\1\xb6"
_TO_COME_BACK = 512  # half of the numbers before MPEG-2 begins again
_FEW = 10  # times are regular if not more than one gap of so many is a hole


@dataclass(frozen=True, slots=True)
class Place:
    """What a packet says of its place among the others.

    Attributes:
        count: of its picture; None if it says none.
        modulus: the number at which counting begins again.
        refers: whether other pictures may refer to it.
        begins: whether counting begins here.
    """

    count: int | None = None
    modulus: int = 0
    refers: bool = True
    begins: bool = False


class Counter:
    """Reads the places of a stream's packets, in the order of the file.

    Args:
        codec: FFmpeg's name of it.
        extradata: what the container holds beside the packets.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self.codec = codec
        self._length_size = 0  # bytes in front of an H.264 unit that say how long it is; 0 if start codes divide them
        self._sequences: dict[int, tuple[int, int, bool]] = {}  # bits of frame_num, of the colour plane, gaps allowed
        self._pictures: dict[int, int] = {}  # picture parameters -> sequence parameters
        if codec == "h264" and extradata:
            if extradata[0] == 1:
                self._read_avcc(extradata)
            else:
                self._parameters(_divided(extradata))

    def place(self, content: bytes) -> Place:
        """What a packet says; where it is damaged, it says nothing."""
        try:
            if self.codec == "h264":
                return self._h264(content)
            if self.codec in ("mpeg1video", "mpeg2video"):
                at = content.index(_PICTURE) + 4
                bits = int.from_bytes(content[at : at + 2], "big")
                return Place(bits >> 6, 1024, bits >> 3 & 7 != 3, _GROUP in content[:at])
            if self.codec == "mpeg4":
                return Place(refers=content[content.index(_VOP) + 4] >> 6 != 2)
        except (ValueError, IndexError):
            pass
        return Place()

    def _read_avcc(self, extradata: bytes) -> None:
        self._length_size = (extradata[4] & 3) + 1
        at = 5
        for mask in (31, 255):
            count, at = extradata[at] & mask, at + 1
            for _ in range(count):
                size = int.from_bytes(extradata[at : at + 2], "big")
                self._parameters([extradata[at + 2 : at + 2 + size]])
                at += 2 + size

    def _parameters(self, units: Sequence[bytes] | Iterator[bytes]) -> None:
        for unit in units:
            if unit and unit[0] & 31 == 7:
                number, sequence = _sequence(_Bits(unit[1:]))
                self._sequences[number] = sequence
            elif unit and unit[0] & 31 == 8:
                bits = _Bits(unit[1:64])
                self._pictures[bits.golomb()] = bits.golomb()

    def _h264(self, content: bytes) -> Place:
        for unit in _sized(content, self._length_size) if self._length_size else _divided(content):
            kind = unit[0] & 31
            if kind in (7, 8):
                self._parameters([unit])
            elif kind in _SLICES:
                bits = _Bits(unit[1:64])
                bits.golomb(), bits.golomb()
                length, plane, gaps = self._sequences.get(self._pictures.get(bits.golomb(), -1), (0, 0, True))
                if gaps:
                    return Place()
                bits.read(plane)
                return Place(bits.read(length), 1 << length, unit[0] >> 5 & 3 > 0, kind == 5)
        return Place()


def lacking(codec: str, places: Sequence[Place], keys: np.ndarray, times: np.ndarray | None) -> list[int]:
    """The packets in front of which a picture is missing to which they, or those behind them, may refer.

    A key packet is none of them. In front of one a picture is missing for those that are stored behind it and shown
    before it, the first of which stands for them.

    Args:
        codec: FFmpeg's name of it.
        places: N of them.
        keys: (N,) bool.
        times: (N,) when each is shown; None if it is not known.

    Example:
        >>> places = [Place(count, 16) for count in (0, 1, 3, 4)]
        >>> lacking("h264", places, np.array([True, False, False, False]), None)
        [2]
    """
    found: list[int] = []
    if codec == "h264":
        before: int | None = None
        for i, place in enumerate(places):
            if place.count is None:
                before = None
                continue
            gap = before is not None and not place.begins and (place.count - before) % place.modulus > 1
            if gap:
                found.append(i)
            if place.refers or gap or before is None:
                before = place.count
    elif codec in ("mpeg1video", "mpeg2video"):
        found = _mpeg_holes(places, keys)
    return _but_keys(found, keys, times)


def behind_gaps(
    times: np.ndarray, order: np.ndarray, places: Sequence[Place], keys: np.ndarray
) -> tuple[list[int], bool]:
    """The packets in front of which a picture may be missing, as the times tell.

    Args:
        times: (N,) when each is shown.
        order: (F,) the packets whose frames are shown, in the order of showing.
        places: N of them.
        keys: (N,) bool.

    Returns:
        The packets, as of `lacking`, and whether times are regular otherwise, so that this is to be believed.

    Example:
        >>> at = np.array([0, 40, 120, 160, 200, 240, 280, 320, 360, 400, 440, 480, 520])
        >>> behind_gaps(at, np.arange(13), [Place()] * 13, np.arange(13) == 0)
        ([2], True)
    """
    shown = times[order]
    gaps = np.diff(shown)
    if len(gaps) < 2:
        return [], True
    step = float(np.median(gaps))
    wide = gaps > 1.5 * step
    regular = bool(wide.sum() * _FEW <= len(gaps) and (np.abs(gaps[~wide] - step) <= max(2, 0.05 * step)).all())
    refers = np.array([place.refers for place in places]) | keys
    # The picture that is missing was stored behind the last one to which others refer and that is shown before it.
    lasts = (times[refers & (times <= before)].max(initial=before - 1) for before in shown[:-1][wide].tolist())
    return _but_keys([int(np.argmax(times > last)) for last in lasts], keys, times), regular


def _but_keys(packets: Sequence[int], keys: np.ndarray, times: np.ndarray | None) -> list[int]:
    found = set()
    for packet in packets:
        if not keys[packet]:
            found.add(packet)
        elif not keys[packet + 1 :][:1].all() and (times is None or times[packet + 1] < times[packet]):
            found.add(packet + 1)
    return sorted(found)


def _mpeg_holes(places: Sequence[Place], keys: np.ndarray) -> list[int]:
    """Where the pictures of a group are not all there, or a group has lost its beginning."""
    found: list[int] = []
    group: list[tuple[int, int, bool]] = []  # packet, count, whether others refer to it
    last = earlier = -1  # the last two to which others refer
    for i, place in enumerate(places):
        count = place.count
        if count is None:
            continue
        if group and place.refers and last - count > _TO_COME_BACK:
            count += place.modulus
        if place.begins or keys[i] or (place.refers and count < last):
            found += _holes_of(group)
            if group and not (place.begins or keys[i]):
                found.append(i)
            group, last, earlier = [], -1, -1
        if place.refers:
            last, earlier = count, last
        elif group and not earlier < count < last:
            found.append(i)
        group.append((i, count, place.refers))
    return found + _holes_of(group)


def _holes_of(group: Sequence[tuple[int, int, bool]]) -> list[int]:
    """The packets that come where a picture of their group is missing.

    Example:
        >>> _holes_of([(0, 0, True), (1, 3, True), (2, 1, False), (3, 2, False), (4, 9, True), (5, 7, False)])
        [4]
    """
    counts = {count for _, count, _ in group}
    refers = sorted(count for _, count, refers in group if refers)
    found = set()
    for missing in set(range(refers[0], max(counts))) - counts if refers else ():
        last = max(count for count in refers if count < missing)
        found.add(next(packet for packet, count, _ in group if count > last))
    return sorted(found)


def _sized(content: bytes, length_size: int) -> Iterator[bytes]:
    at = 0
    while at + length_size < len(content):
        size = int.from_bytes(content[at : at + length_size], "big")
        if size:
            yield content[at + length_size : at + length_size + size]
        at += length_size + size


def _divided(content: bytes) -> Iterator[bytes]:
    at = None
    for start in _START.finditer(content):
        if at is not None and start.start() > at:
            yield content[at : start.start()]
        at = start.end()
    if at is not None and at < len(content):
        yield content[at:]


class _Bits:
    """The bits of an H.264 unit, without the bytes that keep start codes out of it."""

    def __init__(self, unit: bytes) -> None:
        content = unit.replace(b"\0\0\3", b"\0\0")
        self._bits = bin(int.from_bytes(b"\1" + content, "big"))[3:]
        self._at = 0

    def read(self, count: int) -> int:
        self._at += count
        return int(self._bits[self._at - count : self._at] or "0", 2)

    def golomb(self) -> int:
        zeros = self._bits.index("1", self._at) - self._at
        self._at += zeros
        return self.read(zeros + 1) - 1


def _sequence(bits: _Bits) -> tuple[int, tuple[int, int, bool]]:
    """The number of a sequence's parameters, and of these: bits of frame_num, of the colour plane, gaps allowed."""
    profile = bits.read(24) >> 16
    number, plane = bits.golomb(), 0
    if profile in _HIGH:
        chroma = bits.golomb()
        plane = 2 * bits.read(1) if chroma == 3 else 0
        bits.golomb(), bits.golomb(), bits.read(1)
        if bits.read(1):
            for i in range(12 if chroma == 3 else 8):
                if bits.read(1):
                    _skip_scaling(bits, 16 if i < 6 else 64)
    length = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb()
    return number, (length, plane, bool(bits.read(1)))


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last
