"""One video -> its faces.

Each segment is decoded, searched and cropped before the next, so memory does not grow with the length of the video.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.content import digest
from deepfake.errors import UnreadableVideoError
from deepfake.faces.crop import crop, region
from deepfake.faces.finders import Finder
from deepfake.faces.people import Segment, find_cuts, recognise
from deepfake.faces.phase import count_frames, decoding, tell_share
from deepfake.faces.recipe import Recipe
from deepfake.faces.reference import Reference, find_reference
from deepfake.faces.scan import Cut, Scan, count_repeated, largest_first, person_of
from deepfake.faces.segments import find_tracklets, segment_frames
from deepfake.faces.tracklet import Tracklet, smooth
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, SQUARE, FaceStore, Pile, facts
from deepfake.video.door import READERS, open_video
from deepfake.video.reader import VideoReader

_WHOLE = ("track", "segment", "frame", *SQUARE)  # columns of whole numbers


@dataclass(frozen=True, slots=True)
class Found:
    """All that is stored of a video.

    Attributes:
        row: the video's row.
        crops: the store's `CROP_COLUMNS`, one row per image.
        images: the encoded crops; whoever has written them calls its `discard`.
    """

    row: VideoRow
    crops: pd.DataFrame
    images: Pile


def extract_video(
    video_id: str,
    path: Path,
    finder: Finder,
    recipe: Recipe,
    store: FaceStore,
    *,
    real_id: str | None = None,
    readers: Sequence[str] = READERS,
    first_reader: int = 0,
    pile: Path | None = None,
) -> Found:
    """Find the faces of one video. Segments that cannot be decoded completely or show a frozen picture are lost.

    Args:
        video_id: id in the corpus.
        path: the file.
        finder: finds faces.
        recipe: what to store.
        store: holds the real, if there is one; nothing is written to it here.
        real_id: id of the real that the video was made from, if the corpus knows it.
        readers: video readers, in the order in which they are tried.
        first_reader: index in `readers` of the one to try now.
        pile: path of the `Pile` of its crops.
    """
    try:
        with decoding(open_video, path, readers[first_reader]) as video:
            return _Extraction(video_id, video, finder, recipe, store, Pile(pile)).run(real_id)
    except UnreadableVideoError as error:
        return without_faces(VideoRow(video_id, Status.UNREADABLE, error.reason, **facts(path)))


def without_faces(row: VideoRow) -> Found:
    """Return the result for a video of which no face is stored."""
    return Found(row, pd.DataFrame(columns=CROP_COLUMNS), Pile())


class _NothingLeftError(Exception):
    """No segment of a video can be used.

    Args:
        error: what is wrong with the last of them.
        scan: what was seen.
    """

    def __init__(self, error: UnreadableVideoError, scan: Scan) -> None:
        super().__init__(str(error))
        self.reason = error.reason
        self.scan = scan


class _Extraction:
    """The extraction of one open video."""

    def __init__(
        self, video_id: str, video: VideoReader, finder: Finder, recipe: Recipe, store: FaceStore, pile: Pile
    ) -> None:
        self.video_id = video_id
        self.video = video
        self.finder = finder
        self.recipe = recipe
        self.store = store
        self.pile = pile

    def run(self, real_id: str | None) -> Found:
        info, recipe = self.video.info, self.recipe
        segments = segment_frames(info.num_frames, recipe.num_segments, recipe.segment_length)
        if not segments:
            reason = f"it has {info.num_frames} frames, but a segment needs {recipe.segment_length}"
            return without_faces(self._row(Scan(), Status.TOO_SHORT, reason))
        real = find_reference(self.store, real_id, info, recipe.max_crop_size)
        try:
            scan = self._reuse(segments, real) if real and recipe.reuse_boxes else None
            scan = scan or self._detect(segments, real)
        except _NothingLeftError as error:
            return without_faces(self._row(error.scan, Status.UNREADABLE, error.reason))
        if not scan.people:
            dropped = f", but {scan.num_dropped} too small or too brief" if scan.num_dropped else ""
            return without_faces(self._row(scan, Status.NO_FACE, f"no face in {scan.num_sampled} frames{dropped}"))
        return self._found(scan)

    def _reuse(self, segments: list[range], real: Reference) -> Scan | None:
        """Crop at the real's boxes; None as soon as the video does not agree, and its crops so far stay in the pile."""
        scan = Scan(reused=True)
        people: list[list[Cut]] = [[] for _ in real.people]
        for number, segment, frames in self._decoded(segments, scan):
            if not real.confirmed(frames, segment.span):
                return None
            inside = real.inside(segment.span)
            tracklets = [tracklet for _, tracklet in inside]
            differences = real.differences(tracklets, frames, segment.span) if len(real.people) > 1 else {}
            for i, (person, tracklet) in enumerate(inside):
                people[person].append(self._cut(tracklet, number, segment.span, frames, differences.get(i)))
        scan.people = largest_first([cuts for cuts in people if cuts])
        return scan

    def _detect(self, segments: list[range], real: Reference | None) -> Scan:
        """Find the faces of each segment, then recognise them across segments."""
        scan = Scan()
        cuts: list[list[Cut]] = []
        for number, empty, frames in self._decoded(segments, scan):
            found, num_detected = find_tracklets(frames, empty, self.finder, self.recipe)
            scan.num_detected += num_detected
            scan.segments[-1] = found
            several = real is not None and min(len(found.tracklets), len(real.people)) > 1
            differences = real.differences(found.tracklets, frames, found.span) if real and several else {}
            cuts.append(
                [
                    self._cut(tracklet, number, found.span, frames, differences.get(i))
                    for i, tracklet in enumerate(found.tracklets)
                ]
            )
        people = [[cuts[s][i] for s, i in places] for places in recognise(scan.segments)]
        kept = [person for person in people if self._is_stored(person)]
        scan.num_dropped = len(people) - len(kept)
        scan.people = largest_first(kept)
        return scan

    def _decoded(self, segments: list[range], scan: Scan) -> Iterator[tuple[int, Segment, np.ndarray]]:
        """Yield the number, the shots (still without faces) and the frames of each segment that can be decoded."""
        error, scan.num_segments = None, len(segments)
        for number, span in enumerate(segments):
            tell_share(number / len(segments))
            count_frames(len(span))
            try:
                frames = decoding(self.video.read, span)
            except UnreadableVideoError as unreadable:
                scan.num_lost, error = scan.num_lost + 1, unreadable
                continue
            repeated = count_repeated(frames)
            if len(frames) > 1 and repeated == len(frames) - 1:
                scan.num_frozen += 1
                error = UnreadableVideoError(self.video.path, "it shows a frozen picture")
                continue
            scan.num_repeated += repeated
            scan.num_sampled += len(frames)
            scan.segments.append(Segment.of(span, frames))
            yield number, scan.segments[-1], frames
            scan.segments[-1] = scan.segments[-1].thinned()
        if error and scan.num_lost + scan.num_frozen == len(segments):
            raise _NothingLeftError(error, scan)

    def _cut(self, tracklet: Tracklet, number: int, span: range, frames: np.ndarray, difference: float | None) -> Cut:
        """Crop a face in every frame where it was found, at one square box for the segment."""
        face = smooth(tracklet.boxes)
        where = region(face.x, face.y, face.side, self.recipe.margin)
        rows, places = [], []
        for frame, score, marks in zip(tracklet.frames.tolist(), tracklet.scores, tracklet.landmarks, strict=True):
            content = self.store.encode(crop(frames[frame - span.start], where, self.recipe.max_crop_size))
            places.append(self.pile.add(content))
            at = (where.x, where.y, where.size, face.x, face.y, face.width, face.height)
            rows.append([number, frame, *at, round(float(score), 4), *marks.ravel().round(2).tolist()])
        return Cut(tracklet, np.array(rows), places, difference)

    def _is_stored(self, cuts: Sequence[Cut]) -> bool:
        """Whether a person is large enough, and seen in enough frames, to be stored."""
        boxes = person_of(cuts).boxes
        return len(boxes) >= self.recipe.min_track_length and smooth(boxes).side >= self.recipe.min_face_size

    def _found(self, scan: Scan) -> Found:
        cuts = [(number, cut) for number, person in enumerate(scan.people) for cut in person]
        crops = pd.DataFrame(np.concatenate([cut.rows for _, cut in cuts]), columns=CROP_COLUMNS[1:])
        crops.insert(0, CROP_COLUMNS[0], np.repeat([number for number, _ in cuts], [len(cut.rows) for _, cut in cuts]))
        images = self.pile.chosen([place for _, cut in cuts for place in cut.images])
        return Found(self._row(scan, Status.OK, ""), crops.astype(dict.fromkeys(_WHOLE, np.int64)), images)

    def _row(self, scan: Scan, status: Status, reason: str) -> VideoRow:
        info = self.video.info
        remarks = [reason] if reason else []
        if info.num_missing:
            remarks.append(f"the file says {info.num_frames + info.num_missing} frames and holds {info.num_frames}")
        remarks += info.lost
        if scan.num_lost:
            remarks.append(f"{scan.num_lost} of {scan.num_segments} segments cannot be decoded")
        if scan.num_frozen:
            remarks.append(f"{scan.num_frozen} of {scan.num_segments} segments show a frozen picture")
        cuts, num_hidden = find_cuts(scan.segments)
        return VideoRow(
            video_id=self.video_id,
            status=status,
            reason="; ".join(remarks),
            num_frames=info.num_frames,
            fps=info.fps,
            height=info.height,
            width=info.width,
            num_sampled=scan.num_sampled,
            num_detected=scan.num_detected,
            num_faces=len(scan.people),
            digest=digest(self.video.path),
            boxes=("reused" if scan.reused else "detected") if scan.people else "",
            reader=self.video.name,
            duration_s=round(info.duration_s, 3),
            num_repeated=scan.num_repeated,
            remarks="; ".join(info.remarks),
            num_shots=len(scan.segments) and 1 + len(cuts) + num_hidden,
            main_share=scan.main_share,
            changed_track=scan.changed,
            cuts=json.dumps(cuts) if scan.segments else "",
            **facts(self.video.path),
        )
