"""Turn decoded frames into the picture that a player shows: square pixels, upright, progressive, BT.709.

A decoder returns what is stored. A player then deinterlaces it, makes pixels square, converts colour for its display
and rotates the picture, and so does this module. `Picture.remarks` lists what was done.

If a file does not say how its YUV was made, BT.601 is assumed, as in FFmpeg and OpenCV.

Source: FFmpeg 8: `av_guess_sample_aspect_ratio`, libavutil `display.h`, the filter `bwdif`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self, cast

import av
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import SideData
from av.video.reformatter import ColorPrimaries, ColorTrc, Interpolation

from deepfake.video.hdr import to_bt709

_TRANSFER = {ColorTrc.ARIB_STD_B67: "hlg", ColorTrc.SMPTE2084: "pq"}
_OTHER_PRIMARIES = {ColorPrimaries.SMPTE431: "DCI-P3", ColorPrimaries.SMPTE432: "Display P3"}
_MAX_ASPECT = 4  # a pixel shape further from square is an error in the file
_SAME_SHAPE = 0.01  # relative difference in aspect ratio from an encoder that rounds sides to even numbers
_DIHEDRAL = {(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)}
_DIHEDRAL |= {(-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0)}


@dataclass(frozen=True, slots=True)
class Picture:
    """How the frames of one file become pictures.

    Attributes:
        width: width of the upright picture with square pixels.
        height: height of the same.
        coded: width and height of the first frame as decoded.
        stored: width and height with square pixels, before rotation.
        turn: (a, b, c, d) of {-1, 0, 1}: a stored point (x, y) is shown at (a x + c y, b x + d y), y downwards.
        transfer: `hlg`, `pq` or `sdr`.
        primaries: FFmpeg's number of the first frame's colour primaries.
        wide: whether the primaries are BT.2020's.
        interlaced: whether the first frame is two fields.
        remarks: what is done to the picture, and what cannot be done.
    """

    width: int
    height: int
    coded: tuple[int, int]
    stored: tuple[int, int]
    turn: tuple[int, int, int, int]
    transfer: str
    primaries: int
    wide: bool
    interlaced: bool
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, frame: av.VideoFrame, aspect: Fraction | None) -> Self:
        """Describe the pictures of a file from its first frame.

        Args:
            frame: the first frame, as decoded.
            aspect: pixel width divided by pixel height; None or 0 if the file does not say.
        """
        remarks = []
        stored = frame.width, frame.height
        if aspect and aspect != 1:
            if 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
                stored = max(1, round(frame.width * aspect)), frame.height
                remarks.append(f"pixels of {aspect} made square: {frame.width} to {stored[0]} wide")
            else:
                remarks.append(f"pixels declared as {aspect} are taken as square")
        turn = _turn_of(frame)
        if turn is None:
            turn = (1, 0, 0, 1)
            remarks.append("the file asks for a rotation that is not by a right angle; the picture is left as stored")
        elif turn != (1, 0, 0, 1):
            remarks.append(f"rotated as the file asks ({_named(turn)})")
        transfer = _transfer_of(frame)
        wide = frame.color_primaries == ColorPrimaries.BT2020
        if transfer != "sdr" or wide:
            source = {"hlg": "HLG", "pq": "PQ", "sdr": "BT.2020"}[transfer]
            remarks.append(f"{source} converted to BT.709, approximately")
        for primaries, name in _OTHER_PRIMARIES.items():
            if frame.color_primaries == primaries:
                remarks.append(f"{name} colours are taken as BT.709")
        if frame.interlaced_frame:
            remarks.append("interlaced, deinterlaced by bwdif")
        width, height = stored if turn[0] else stored[::-1]
        return cls(
            width=width,
            height=height,
            coded=(frame.width, frame.height),
            stored=stored,
            turn=turn,
            transfer=transfer,
            primaries=frame.color_primaries,
            wide=wide,
            interlaced=frame.interlaced_frame,
            remarks=tuple(remarks),
        )

    def changes(self, frame: av.VideoFrame) -> list[str]:
        """Return remarks on how a later frame differs from the first, and what is done about it.

        Raises:
            ValueError: the frame has another aspect ratio and would be distorted.
        """
        found = []
        (width, height), size = self.coded, f"{frame.width}x{frame.height}"
        if (frame.width, frame.height) != self.coded:
            if abs(frame.width * height / (frame.height * width) - 1) > _SAME_SHAPE:
                raise ValueError(f"is {size}, but the first is {width}x{height}")
            found.append(f"some frames are {size} and are resized to the first frame's {width}x{height}")
        if (_transfer_of(frame), frame.color_primaries) != (self.transfer, self.primaries):
            found.append("some frames declare other colours than the first; the first frame's colours are used for all")
        if frame.interlaced_frame != self.interlaced:
            kind = "progressive and left as they are" if self.interlaced else "interlaced and deinterlaced by bwdif"
            found.append(f"some frames are {kind}")
        return found

    def pixels(self, frame: av.VideoFrame) -> np.ndarray:
        """Convert a progressive frame to (H, W, 3) uint8 RGB, resized if it differs in size from the first."""
        width, height = self.stored
        scaled = (frame.width, frame.height) != self.stored
        options = {"width": width, "height": height, "threads": 1}
        options["interpolation"] = Interpolation.BICUBIC if scaled else Interpolation.BILINEAR
        if self.transfer == "sdr" and not self.wide:
            pixels = frame.reformat(format="rgb24", **options).to_ndarray()
        else:
            pixels = to_bt709(frame.reformat(format="rgb48le", **options).to_ndarray(), self.transfer, self.wide)
        a, b, c, d = self.turn
        if not a:  # x becomes y
            pixels = pixels.transpose(1, 0, 2)
            a, d = c, b
        return pixels[:: d or 1, :: a or 1]


def deinterlaced(frames: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
    """Deinterlace consecutive frames with FFmpeg's `bwdif`, one for one; progressive frames stay as they are.

    Fields are completed from neighbouring frames, so the first and the last frame differ from what they would be with
    more frames around them.
    """
    first = frames[0]
    graph = Graph()
    tail = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=Fraction(1, 1000))
    for node in (graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")):
        tail.link_to(node)
        tail = node
    graph.configure()
    for i, frame in enumerate(frames):
        frame.pts, frame.time_base = i, Fraction(1, 1000)
        graph.push(frame)
    graph.push(None)
    return [cast(av.VideoFrame, graph.pull()) for _ in frames]


def _transfer_of(frame: av.VideoFrame) -> str:
    return _TRANSFER.get(ColorTrc(frame.color_trc), "sdr") if frame.color_trc in list(ColorTrc) else "sdr"


def _turn_of(frame: av.VideoFrame) -> tuple[int, int, int, int] | None:
    """Return the rotation or mirroring in the display matrix; None if it is not by right angles."""
    # By its key, because PyAV 18 iterates over values and PyAV 19 over keys.
    matrix = cast(SideData | None, frame.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return (1, 0, 0, 1)
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    turn = (round(a / 65536), round(b / 65536), round(c / 65536), round(d / 65536))
    exact = all(abs(value / 65536 - whole) < 0.01 for value, whole in zip((a, b, c, d), turn, strict=True))
    return turn if exact and turn in _DIHEDRAL else None


def _named(turn: tuple[int, int, int, int]) -> str:
    a, b, c, d = turn
    if a * d - b * c < 0:
        return "mirrored"
    return f"by {(0, 90, 180, 270)[[(1, 0), (0, 1), (-1, 0), (0, -1)].index((a, b))]} degrees clockwise"
