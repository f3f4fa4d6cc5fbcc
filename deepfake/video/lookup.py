"""Look up frames by their index: by time if the file has times, otherwise by counting from the beginning.

A frame is damaged if the decoder marks it or an earlier one of its group as damaged, since what refers to a damaged
picture shows the damage as well. A frame that is damaged or does not come out is an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import av
import numpy as np

from deepfake.errors import UnreadableVideoError
from deepfake.video.decoder import Decoder
from deepfake.video.packets import PacketTable

_TRIAL = 48  # packets that are decoded to check whether times belong to frames
_NEVER = 2**62


class ByTime:
    """Frames of a file whose packets have presentation times.

    Args:
        decoder: an open decoder whose table is `by_time`.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.table = decoder.table

    @property
    def num_frames(self) -> int:
        return len(self.table.order)

    @property
    def num_unshown(self) -> int:
        """Frames before the first key frame."""
        return len(self.table) - int(self.table.hidden.sum()) - self.num_frames

    def holds(self) -> bool:
        """Return whether each of the first packets gives a frame, and these come out in the order of their times.

        This fails if each packet is a single field, or if a container with real times was given made-up ones.
        """
        self.decoder.go_to(0)
        came = []
        for number, _ in self.decoder.decoded(None):
            if number is None:
                return False
            came.append(number)
            if number >= _TRIAL:
                break
        times = self.table.times[came]
        shown = self.table.times[self.table.order]
        shown = shown[(shown >= times.min(initial=_NEVER)) & (shown <= times.max(initial=-_NEVER))]
        return bool((np.diff(times) > 0).all()) and set(shown.tolist()) <= set(times.tolist())

    def frames(self, run: range) -> list[av.VideoFrame]:
        """Return the frames at consecutive indices.

        Raises:
            UnreadableVideoError: one of them does not come out or is damaged.
        """
        packets = self.table.order[run.start : run.stop].tolist()
        found = self._found(packets, restart=False)
        if len(found) < len(packets):
            found = self._found(packets, restart=True)  # decode every frame from the beginning of the group
        lost = [i for i, packet in zip(run, packets, strict=True) if packet not in found or self._damaged(packet)]
        if lost:
            raise lost_frames(self.decoder, lost)
        return [found[packet] for packet in packets]

    def _found(self, packets: list[int], restart: bool) -> dict[int, av.VideoFrame]:
        """Return those frames of the given packets that come out."""
        start = self.table.first_key_for(packets[0])
        if restart or not self.decoder.ready_for(start, min(packets)):
            self.decoder.go_to(start)
        wanted, found = set(packets), dict[int, av.VideoFrame]()
        # A picture that a wanted one refers to may be shown later, and is marked as damaged only then.
        until = self.table.times[start : max(packets) + 1].max()
        for number, frame in self.decoder.decoded(None if restart else wanted):
            if number is None:
                continue
            if number in wanted:
                found[number] = frame
            complete = len(found) == len(wanted) or not restart or number > max(packets) + _TRIAL
            if complete and self.table.times[number] >= until:
                break
        return found

    def _damaged(self, packet: int) -> bool:
        start = self.table.first_key_for(packet)
        # A leading picture may lack its references, but nothing shown after the key packet refers to it.
        return any(start <= f <= packet and self.table.times[f] >= self.table.times[start] for f in self.decoder.faults)


class ByCount:
    """Frames of a file without times. The file is decoded from the beginning, once to count frames and once to read.

    Args:
        decoder: an open decoder whose table is not `by_time`.

    Attributes:
        num_unshown: frames before the first key frame.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        decoder.go_to(0)
        came = [(number, frame.key_frame) for number, frame in decoder.decoded(None)]
        numbers, table = [number for number, _ in came], decoder.table
        # As in a file with times, frames before the first key frame are not shown.
        cut = len(table) and not table.keys[0]
        self._first = next((place for place, (_, key) in enumerate(came) if cut and key), 0)
        first = (numbers[self._first] or 0) if cut and came else 0
        in_front = len({*range(first), *(number for number in numbers[: self._first] if number is not None)})
        self.num_unshown = in_front - int(table.hidden[:first].sum())
        faults = [fault for fault in decoder.faults if fault >= first] + decoder.silent(first, numbers)
        self._indices, self._whole = count_frames(numbers[self._first :], faults, table)
        self._came = len(numbers)  # frames that came out since the beginning
        self._frames: Iterator[tuple[int | None, av.VideoFrame]] = iter(())

    @property
    def num_frames(self) -> int:
        return int(self._indices[-1]) + 1 if len(self._indices) else 0

    def frames(self, run: range) -> list[av.VideoFrame]:
        """Return the frames at consecutive indices.

        Raises:
            UnreadableVideoError: one of them does not come out or is damaged.
        """
        places = {int(self._indices[i]): self._first + int(i) for i in np.flatnonzero(self._whole)}
        lost = [i for i in run if i not in places]
        if lost:
            raise lost_frames(self.decoder, lost)
        wanted = [places[i] for i in run]
        if self._came > wanted[0]:
            self.decoder.reopen()
            self._came, self._frames = 0, self.decoder.decoded(None)
        found: dict[int, av.VideoFrame] = {}
        for _, frame in self._frames:
            self._came += 1
            if self._came - 1 >= wanted[0]:
                found[self._came - 1] = frame
            if self._came > wanted[-1]:
                break
        if len(found) < len(wanted):
            raise lost_frames(self.decoder, list(run))
        return [found[place] for place in wanted]


def count_frames(
    numbers: Sequence[int | None], faults: Sequence[int], table: PacketTable
) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of each frame that comes out of a decoder, and whether the frame is whole.

    A packet without a frame counts only between a fault and the next key packet: there its frame was lost, and the
    frames after it keep their indices. Elsewhere such a packet holds no frame, as some of XviD's.

    Args:
        numbers: (F,) packet of each frame, in the order in which frames come out; None if it is not known.
        faults: packets on which the decoder failed, or which it marked as damaged.
        table: the packet table.

    Returns:
        (F,) int64, ascending, and (F,) bool.

    Example:
        >>> keys = np.array([True, False, False, True, False])
        >>> no, at = np.zeros(5, bool), np.arange(5)
        >>> table = PacketTable(at, at, keys, no, no, at[:0], by_time=False)
        >>> [column.tolist() for column in count_frames([0, 2, 3, 4], [1], table)]
        [[0, 2, 3, 4], [True, False, True, True]]
        >>> [column.tolist() for column in count_frames([0, 2, 3, 4], [], table)]
        [[0, 1, 2, 3], [True, True, True, True]]
    """
    came = [number for number in numbers if number is not None]
    lost: set[int] = set()
    for fault in faults:
        later = np.flatnonzero(table.keys[fault + 1 :])
        lost |= set(range(fault, fault + 1 + int(later[0]) if len(later) else len(table))) - set(came)
    lost_ = np.array(sorted(lost), np.int64)
    shown = np.full(len(table), _NEVER)
    shown[came] = np.arange(len(came))
    timed = replace(table, times=shown)
    indices, whole, index = [], [], -1
    for place, number in enumerate(numbers):
        before = int(np.searchsorted(lost_, number)) if number is not None else index + 1 - place
        index = max(index + 1, place + before)
        indices.append(index)
        start = timed.first_key_for(number) if number is not None else 0
        whole.append(not any(start <= fault <= (len(table) if number is None else number) for fault in faults))
    return np.array(indices, np.int64), np.array(whole, bool)


def lost_frames(decoder: Decoder, lost: Sequence[int]) -> UnreadableVideoError:
    """Return the error to raise for frames that cannot be decoded."""
    which = f"frame {lost[0]}" if len(lost) == 1 else f"{len(lost)} frames from {lost[0]} on"
    return UnreadableVideoError(decoder.path, f"{which} cannot be decoded whole; the file is damaged or cut off")
