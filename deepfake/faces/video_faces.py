"""One video -> its faces: decode a segment, find and cut its faces, and only then the next.

So memory does not grow with the length of the video.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.errors import UnreadableVideoError
from deepfake.faces.crop import crop, region
from deepfake.faces.finders.finder import Finder
from deepfake.faces.keyframes import detect
from deepfake.faces.looks import thumbnail
from deepfake.faces.pairs import changed_track
from deepfake.faces.phase import decoding
from deepfake.faces.recipe import Recipe
from deepfake.faces.reference import Reference, find_reference
from deepfake.faces.segments import segment_frames
from deepfake.faces.tracker import Piece, area, join, joined, link, smooth
from deepfake.schema import FaceTrack, Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore, file_size
from deepfake.video.door import open_video, readers_for
from deepfake.video.reader import VideoReader


@dataclass(frozen=True, slots=True)
class Found:
    """All that is stored of a video.

    Attributes:
        row: what became of it.
        crops: the store's `CROP_COLUMNS`, one row an image.
        images: a file's content each.
    """

    row: VideoRow
    crops: pd.DataFrame
    images: list[bytes]


@dataclass(slots=True)
class _Scan:
    """What was seen on the way through a video.

    Attributes:
        tracks: of each track its pieces, as (segment, track in that segment), and their crops.
        differences: of each track those to the real, a number a segment.
        num_sampled: frames decoded.
        num_detected: frames that the finder was shown.
        num_segments: that were asked for.
        num_lost: segments that cannot be decoded.
        num_dropped: tracks that do not count.
        reused: whether the boxes are the real's.
    """

    tracks: list["_Track"] = field(default_factory=list)
    num_sampled: int = 0
    num_detected: int = 0
    num_segments: int = 0
    num_lost: int = 0
    num_dropped: int = 0
    reused: bool = False


@dataclass(slots=True)
class _Track:
    pieces: list[FaceTrack] = field(default_factory=list)
    rows: list[list] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)


def extract_video(
    video_id: str,
    path: Path,
    finder: Finder,
    recipe: Recipe,
    store: FaceStore,
    *,
    real_id: str | None = None,
    first_reader: int = 0,
) -> Found:
    """Find the faces of one video, by the first reader that can decode it.

    Args:
        video_id: as in the corpus.
        path: the file.
        finder: finds faces.
        recipe: what is stored.
        store: where the real is, if it is anywhere; nothing is written to it here.
        real_id: of the real that the video was made from, if the corpus knows one.
        first_reader: place in `readers_for` the file of the first that is tried; the last one may lose segments, if it
            can decode others.
    """
    try:
        with decoding(open_video, path, readers_for("auto")[first_reader]) as video:
            return _Extraction(video_id, video, finder, recipe, store, strict=False).run(real_id)
    except UnreadableVideoError as error:
        return nothing(VideoRow(video_id, Status.UNREADABLE, error.reason, num_bytes=file_size(path)))


def nothing(row: VideoRow) -> Found:
    """A video of which no face is stored."""
    return Found(row, pd.DataFrame(columns=CROP_COLUMNS), [])


class _Extraction:
    """The way of one open video.

    Args:
        strict: a segment that cannot be decoded is an error.
    """

    def __init__(
        self, video_id: str, video: VideoReader, finder: Finder, recipe: Recipe, store: FaceStore, strict: bool
    ) -> None:
        self.video_id = video_id
        self.video = video
        self.finder = finder
        self.recipe = recipe
        self.store = store
        self.strict = strict

    def run(self, real_id: str | None) -> Found:
        info, recipe = self.video.info, self.recipe
        segments = segment_frames(info.num_frames, recipe.num_segments, recipe.segment_length)
        if not segments:
            reason = f"{info.num_frames} frames, and a segment is {recipe.segment_length}"
            return nothing(self._row(_Scan(), Status.TOO_SHORT, reason))
        real = find_reference(self.store, real_id, info, recipe.max_crop_size)
        scan = self._reuse(segments, real) if real and recipe.reuse_boxes else None
        scan = scan or self._detect(segments, real)
        if not scan.tracks:
            dropped = f", but {scan.num_dropped} too small or too brief" if scan.num_dropped else ""
            return nothing(self._row(scan, Status.NO_FACE, f"no face in {scan.num_sampled} frames{dropped}"))
        return self._found(scan)

    def _reuse(self, segments: list[range], real: Reference) -> _Scan | None:
        """Cut by the real's boxes; None as soon as the video does not agree with the real."""
        scan = _Scan(tracks=[_Track() for _ in real.tracks], reused=True)
        for number, segment, frames in self._decoded(segments, scan):
            if not real.confirmed(frames, segment):
                return None
            inside = real.inside(segment)
            differences = real.differences(list(inside.values()), frames, segment) if len(real.tracks) > 1 else {}
            for i, (track, piece) in enumerate(inside.items()):
                self._add(scan.tracks[track], piece, number, segment, frames, differences.get(i))
        scan.tracks = [track for track in scan.tracks if track.pieces]
        return scan

    def _detect(self, segments: list[range], real: Reference | None) -> _Scan:
        """Find the faces of each segment, then recognise them from segment to segment."""
        scan = _Scan()
        pieces: list[list[Piece]] = []
        parts: list[list[_Track]] = []
        scenes: list[np.ndarray] = []
        for number, segment, frames in self._decoded(segments, scan):
            found, num_detected = find_pieces(frames, segment, self.finder, self.recipe)
            scan.num_detected += num_detected
            tracks = [piece.track for piece in found]
            several = real is not None and min(len(tracks), len(real.tracks)) > 1
            differences = real.differences(tracks, frames, segment) if real and several else {}
            pieces.append(found)
            scenes.append(np.stack([thumbnail(frames[0]), thumbnail(frames[-1])]))
            parts.append([_Track() for _ in found])
            for i, piece in enumerate(tracks):
                self._add(parts[-1][i], piece, number, segment, frames, differences.get(i))
        whole = [_whole([parts[s][i] for s, i in places]) for places in join(pieces, scenes)]
        kept = [track for track in whole if self._counts(track)]
        scan.num_dropped = len(whole) - len(kept)
        scan.tracks = sorted(kept, key=lambda track: area(joined(track.pieces)), reverse=True)
        return scan

    def _decoded(self, segments: list[range], scan: _Scan) -> Iterator[tuple[int, range, np.ndarray]]:
        """Number, indices and frames of each segment that can be decoded, one at a time."""
        error, scan.num_segments = None, len(segments)
        for number, segment in enumerate(segments):
            try:
                frames = decoding(self.video.read, segment)
            except UnreadableVideoError as error_:
                if self.strict:
                    raise
                scan.num_lost, error = scan.num_lost + 1, error_
                continue
            scan.num_sampled += len(frames)
            yield number, segment, frames
        if error and scan.num_lost == len(segments):
            raise error

    def _add(
        self, track: _Track, piece: FaceTrack, number: int, segment: range, frames: np.ndarray, difference: float | None
    ) -> None:
        """Cut a face out of every frame where it was found, with one square box for the segment."""
        face = smooth(piece.boxes)
        where = region(face.x, face.y, face.side, self.recipe.margin)
        for frame, score, marks in zip(piece.frames.tolist(), piece.scores, piece.landmarks, strict=True):
            track.images.append(
                self.store.encode(crop(frames[frame - segment.start], where, self.recipe.max_crop_size))
            )
            place = (where.x, where.y, where.size, face.x, face.y, face.width, face.height)
            track.rows.append([number, frame, *place, round(float(score), 4), *marks.ravel().round(2).tolist()])
        track.pieces.append(piece)
        if difference is not None:
            track.differences.append(difference)

    def _counts(self, track: _Track) -> bool:
        """Small and brief faces are dropped."""
        whole = joined(track.pieces)
        long_enough = len(whole.frames) >= self.recipe.min_track_length
        return long_enough and smooth(whole.boxes).side >= self.recipe.min_face_size

    def _found(self, scan: _Scan) -> Found:
        differences = {i: float(np.mean(t.differences)) for i, t in enumerate(scan.tracks) if t.differences}
        changed = changed_track(differences) or 0
        tracks = [scan.tracks[changed], *scan.tracks[:changed], *scan.tracks[changed + 1 :]]
        rows = [[number, *row] for number, track in enumerate(tracks) for row in track.rows]
        images = [image for track in tracks for image in track.images]
        return Found(self._row(scan, Status.OK, "", len(tracks)), pd.DataFrame(rows, columns=CROP_COLUMNS), images)

    def _row(self, scan: _Scan, status: Status, reason: str, num_faces: int = 0) -> VideoRow:
        info = self.video.info
        remarks = [reason] if reason else []
        if info.num_missing:
            remarks.append(f"the file says {info.num_frames + info.num_missing} frames and holds {info.num_frames}")
        if scan.num_lost:
            remarks.append(f"{scan.num_lost} of {scan.num_segments} segments cannot be decoded")
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
            num_faces=num_faces,
            num_bytes=file_size(self.video.path),
            digest=_digest(self.video.path),
            boxes=("reused" if scan.reused else "detected") if num_faces else "",
            reader=self.video.name,
        )


def find_pieces(frames: np.ndarray, segment: range, finder: Finder, recipe: Recipe) -> tuple[list[Piece], int]:
    """The faces of one segment, each followed through it; and the number of frames that the finder was shown.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        segment: T indices of those frames in the video.
        finder: finds faces.
        recipe: its `detect_every`, `min_score` and `min_face_size` count.
    """
    faces, looks, num_detected = detect(
        frames,
        finder,
        every=recipe.detect_every,
        min_score=recipe.min_score,
        min_face_size=recipe.min_face_size,
    )
    return link(segment, faces, looks), num_detected


def _whole(parts: Sequence[_Track]) -> _Track:
    """The parts of one track, in the order of time, as one."""
    whole = _Track()
    for part in parts:
        whole.pieces += part.pieces
        whole.rows += part.rows
        whole.images += part.images
        whole.differences += part.differences
    return whole


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
