"""Detect packets of which a part was overwritten with zeros, as in a half-copied file.

Some decoders accept zeros as pictures without reporting it. No encoder writes that many in a row.

Source: ITU-T H.265, 7.4.2 (no three bytes within a unit are zero) and Annex B (zeros may precede a start code); AV1
specification, 5.3 and 6.2.2 (units, whose type is never 0).
"""

import re

_RUN = re.compile(rb"\0{64}")
_HEVC_RUN = re.compile(rb"\0{8,}+(?!\x01)")
_BY_RUN = {"vp8", "vp9", "av1", "mjpeg", "ffv1"}


def overwritten(codec: str, content: bytes) -> bool:
    """Return whether a packet has content that no encoder writes.

    Args:
        codec: FFmpeg's name of the codec, not of one of its decoders.
        content: the packet's bytes.

    Example:
        >>> overwritten("hevc", bytes(9) + bytes([1, 2])), overwritten("hevc", bytes([5]) + bytes(9))
        (False, True)
    """
    if codec == "hevc":
        return _HEVC_RUN.search(content) is not None
    if codec == "av1" and not _units_fit(content):
        return True
    found = _RUN.search(content) if codec in _BY_RUN else None
    if found is None:
        return False
    return not (codec == "mjpeg" and content.endswith(b"\xff\xd9", 0, found.start()))  # cameras may pad after the image


def _units_fit(content: bytes) -> bool:
    """Return whether the units of an AV1 packet follow one another to its end, and none has type 0."""
    at = 0
    while at < len(content):
        header = content[at]
        if header >> 3 & 15 == 0:
            return False
        at += 2 if header & 4 else 1
        if not header & 2:  # a unit without a size is the last one
            return True
        size = shift = 0
        while True:
            if at >= len(content) or shift > 56:
                return False
            size |= (content[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if not content[at - 1] & 128:
                break
        if not size and header >> 3 & 15 in (3, 4, 6):
            return False  # a frame header is never empty
        at += size
    return at == len(content)
