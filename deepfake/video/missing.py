"""Whether pictures are missing between the packets of a file: those behind refer to them and show something else.

A decoder puts another picture in the place of a missing one and does not say so. H.264 counts the pictures to which
others refer (`frame_num`), MPEG-1 and MPEG-2 all of a group (`temporal_reference`); there a hole is seen for certain.
The decoder of HEVC says what it lacks. VP8, VP9, AV1, MPEG-4 and FFV1 do not count, or not so that it can be relied
on: a hole in times that are regular otherwise is taken for one in the pictures, and where times are not regular, or
there are none, nothing is known.

Source: ITU-T H.264, 7.4.3; ISO/IEC 13818-2, 6.3.9.
"""

from collections.abc import Sequence

import numpy as np

from deepfake.video.places import COUNTED_BY_GROUP, Place

UNCOUNTED = {"vp8", "vp9", "av1", "mpeg4", "ffv1", "theora"}  # codecs of which the times alone tell what is missing
_TO_COME_BACK = 512  # half of the numbers before MPEG-2 begins again
_FEW = 10  # times are regular if not more than one gap of so many is a hole


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
                before = place.count if place.refers else place.count - 1  # one to which none refers does not count
    elif codec in COUNTED_BY_GROUP:
        found = _mpeg_holes(places, keys)
    return _but_keys(found, keys, times)


def behind_gaps(
    times: np.ndarray, order: np.ndarray, places: Sequence[Place], keys: np.ndarray, at_least: int = 1
) -> tuple[list[int], bool]:
    """The packets in front of which a picture may be missing, as the times tell.

    Args:
        times: (N,) when each is shown.
        order: (F,) the packets whose frames are shown, in the order of showing.
        places: N of them.
        keys: (N,) bool.
        at_least: pictures that have to be missing, as where fewer would be seen otherwise.

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
    wide &= gaps > (at_least + 0.5) * step
    lasts = (times[refers & (times <= before)].max(initial=before - 1) for before in shown[:-1][wide].tolist())
    return _but_keys([int(np.argmax(times > last)) for last in lasts], keys, times), regular


def _but_keys(packets: Sequence[int], keys: np.ndarray, times: np.ndarray | None) -> list[int]:
    found: set[int] = set()
    first = int(np.argmax(keys)) if len(keys) else 0  # nothing is shown that is stored before the first key packet
    for packet in packets:
        if packet < first:
            continue
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
