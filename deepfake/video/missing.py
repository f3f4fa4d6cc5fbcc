"""Detect pictures that are missing between a file's packets; later pictures refer to them and come out wrong.

A decoder replaces a missing picture by another without reporting it. H.264 numbers the pictures that others refer to
(`frame_num`), and MPEG-1 and MPEG-2 number all pictures of a group (`temporal_reference`), so there a hole is certain.
The HEVC decoder reports what it lacks. VP8, VP9, AV1, MPEG-4 and FFV1 have no reliable numbers: a hole in otherwise
regular times counts as a missing picture, and if times are irregular or absent, nothing is known.

Source: ITU-T H.264, 7.4.3; ISO/IEC 13818-2, 6.3.9.
"""

from collections.abc import Sequence

import numpy as np

from deepfake.video.places import COUNTED_BY_GROUP, Place

UNCOUNTED = {"vp8", "vp9", "av1", "mpeg4", "ffv1", "theora"}  # codecs for which only times reveal what is missing
_TO_COME_BACK = 512  # half of the range of numbers, after which MPEG-2 starts again at 0
_FEW = 10  # times are regular if at most one gap in this many is a hole


def lacking(codec: str, places: Sequence[Place], keys: np.ndarray, times: np.ndarray | None) -> list[int]:
    """Return the packets before which a picture is missing that they, or later packets, may refer to.

    A key packet never counts itself. If a picture is missing before one, that affects the packets stored after it and
    shown before it, and the first of those is returned.

    Args:
        codec: FFmpeg's name of the codec.
        places: the place of each of the N packets.
        keys: (N,) bool, whether each is a key packet.
        times: (N,) presentation times; None if unknown.

    Example:
        >>> places = [Place(count, 16) for count in (0, 1, 3, 4)]
        >>> lacking("h264", places, np.array([True, False, False, False]), None)
        [2]
        >>> no, yes = Place(2, 16, refers=False), Place(2, 16)
        >>> lacking("h264", [no, yes], np.array([False, False]), None)
        []
    """
    found: list[int] = []
    if codec == "h264":
        before: int | None = None
        for i, place in enumerate(places):
            if place.count is None:
                before = None
                continue
            step = 1 if before is None or place.begins else (place.count - before) % place.modulus
            gap = step > 1 or (step == 0 and not place.field)
            if gap:
                found.append(i)
            if place.refers or gap or before is None:
                before = place.count if place.refers else place.count - 1  # a non-reference picture does not count
    elif codec in COUNTED_BY_GROUP:
        found = _mpeg_holes(places, keys)
    return _but_keys(found, keys, times)


def behind_gaps(
    times: np.ndarray, order: np.ndarray, places: Sequence[Place], keys: np.ndarray, at_least: int = 1
) -> tuple[list[int], bool]:
    """Return the packets before which a picture may be missing, judged by the times.

    Args:
        times: (N,) presentation times.
        order: (F,) packets whose frames are shown, in presentation order.
        places: the place of each of the N packets.
        keys: (N,) bool, whether each is a key packet.
        at_least: the fewest missing pictures to report; fewer are detected in another way.

    Returns:
        The packets, as for `lacking`, and whether times are otherwise regular, so that the result can be trusted.

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
    # The missing picture was stored after the last reference picture that is shown before it.
    wide &= gaps > (at_least + 0.5) * step
    lasts = (times[refers & (times <= before)].max(initial=before - 1) for before in shown[:-1][wide].tolist())
    return _but_keys([int(np.argmax(times > last)) for last in lasts], keys, times), regular


def _but_keys(packets: Sequence[int], keys: np.ndarray, times: np.ndarray | None) -> list[int]:
    found: set[int] = set()
    first = int(np.argmax(keys)) if len(keys) else 0  # packets before the first key packet are not shown
    for packet in packets:
        if packet < first:
            continue
        if not keys[packet]:
            found.add(packet)
        elif not keys[packet + 1 :][:1].all() and (times is None or times[packet + 1] < times[packet]):
            found.add(packet + 1)
    return sorted(found)


def _mpeg_holes(places: Sequence[Place], keys: np.ndarray) -> list[int]:
    """Return the packets at which pictures of a group are missing, or a group has lost its beginning."""
    found: list[int] = []
    group: list[tuple[int, int, bool]] = []  # packet, count, whether others refer to it
    last = earlier = -1  # the last two reference pictures
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
    """Return the packets that stand where a picture of their group is missing.

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
