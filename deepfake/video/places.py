"""Read each packet's place among the others: H.264, MPEG-1 and MPEG-2 number their pictures.

Source: ITU-T H.264, 7.3.2.1, 7.3.2.2, 7.3.3 and 7.4.3 (`frame_num`); ISO/IEC 13818-2, 6.2.3 and 6.3.9
(`temporal_reference`); ISO/IEC 14496-2, 6.2.5 (`vop_coding_type`); ISO/IEC 14496-15, 5.3.3 (`avcC`).
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

COUNTED_BY_GROUP = {"mpeg1video", "mpeg2video"}
_START = re.compile(rb"\0\0\x01")
_SLICES = {1, 2, 5}  # H.264 units that begin with a slice header
_HIGH = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}  # profiles that declare the chroma format
_PICTURE, _GROUP, _VOP = b"\0\0\1\0", b"\0\0\1\xb8", b"\0\0\1\xb6"


@dataclass(frozen=True, slots=True)
class Place:
    """A packet's place among the others, as the packet gives it.

    Attributes:
        count: number of the picture; None if the packet gives none.
        modulus: the number at which counting starts again at 0.
        refers: whether other pictures may refer to this one.
        begins: whether counting starts here.
        field: whether the picture is one of two fields that share a count.
    """

    count: int | None = None
    modulus: int = 0
    refers: bool = True
    begins: bool = False
    field: bool = False


class Counter:
    """Reads the places of a stream's packets, in the order of the file.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: codec parameters that the container stores outside the packets.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self.codec = codec
        self._length_size = 0  # bytes before an H.264 unit that give its length; 0 if start codes separate units
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, int] = {}  # picture parameters -> sequence parameters
        if codec == "h264" and extradata:
            with suppress(ValueError, IndexError):  # damaged parameters: packets then have no known place
                if extradata[0] == 1:
                    self._read_avcc(extradata)
                else:
                    self._parameters(_divided(extradata))

    def place(self, content: bytes) -> Place:
        """Return a packet's place; a damaged packet has none."""
        try:
            if self.codec == "h264":
                return self._h264(content)
            if self.codec in COUNTED_BY_GROUP:
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
                sequence = self._sequences.get(self._pictures.get(bits.golomb(), -1))
                if sequence is None or sequence.gaps:
                    return Place()
                bits.read(sequence.plane)
                count, refers = bits.read(sequence.length), unit[0] >> 5 & 3 > 0
                return Place(count, 1 << sequence.length, refers, kind == 5, bool(sequence.fields and bits.read(1)))
        return Place()


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
    """The bits of an H.264 unit, without its emulation prevention bytes."""

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


@dataclass(frozen=True, slots=True)
class _Sequence:
    """H.264 sequence parameters: bits of `frame_num` and of the colour plane, and whether gaps and fields may occur."""

    length: int
    plane: int
    gaps: bool
    fields: bool


def _sequence(bits: _Bits) -> tuple[int, _Sequence]:
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
    if length > 16:
        raise ValueError(f"frame numbers of {length} bits")
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb()
    gaps = bool(bits.read(1))
    bits.golomb(), bits.golomb()
    return number, _Sequence(length, plane, gaps, fields=not bits.read(1))


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last
