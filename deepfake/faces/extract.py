"""Videos -> face store: decode and detect in worker processes, write in the background.

Each video is decoded once, only the frames asked for. A file that cannot be read, a decoder that hangs and a worker
that dies cost that one video a row with a reason; the rest goes on. What is in the store is not done again.

On a CPU the workers detect as well, each with one thread: a detector's many small operations gain nothing from a second
thread and lose up to twenty times when they have to share a core. On a GPU the workers only decode, and the frames come
here, where the detector is.

Reals come before their fakes, since a fake can take its boxes from its real, and its real tells which face was changed.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from pebble import ProcessExpired, ProcessPool

from deepfake.errors import UnreadableVideoError
from deepfake.faces.crop import crop, region
from deepfake.faces.detector import FaceDetector
from deepfake.faces.reference import Reference, changed_first, find_reference, reused_tracks
from deepfake.faces.segments import segment_frames
from deepfake.faces.tracker import link, smooth
from deepfake.schema import FaceTrack, Status
from deepfake.store import CROP_COLUMNS, FaceStore, VideoRow, file_size
from deepfake.video.reader import VideoInfo, probe, read


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is stored of a face, beside the detector that finds it.

    Attributes:
        num_segments: runs of consecutive frames, spread evenly over the video.
        segment_length: frames in each.
        margin: side of the stored square, as a multiple of the side of the face's box.
        max_crop_size: a larger square is shrunk to this many pixels.
        min_score: detections below are not linked.
        min_face_size: a track whose median box is smaller, in pixels of the frame, is dropped.
        min_track_length: a track seen in fewer frames is dropped.
        image_format: png, webp (both lossless) or jpg.
        reuse_boxes: a fake takes the boxes of its real where the two agree.
    """

    num_segments: int
    segment_length: int
    margin: float
    max_crop_size: int
    min_score: float
    min_face_size: int
    min_track_length: int
    image_format: str
    reuse_boxes: bool = False  # checkpoints made before it was an option do not name it


@dataclass(frozen=True, slots=True)
class Decoded:
    """What is known of a video before faces are looked for.

    Attributes:
        info: of the file.
        digest: hash of its content.
        segments: the frames that were asked for; none if the video is too short.
        frames: (T, H, W, 3) uint8 RGB, the frames in `segments`.
    """

    info: VideoInfo
    digest: str
    segments: list[range]
    frames: np.ndarray


@dataclass(frozen=True, slots=True)
class Found:
    """All that is stored of a video.

    Attributes:
        row: what became of it.
        crops: the store's `CROP_COLUMNS`, one row an image.
        images: (S, S, 3) uint8 RGB each.
    """

    row: VideoRow
    crops: pd.DataFrame
    images: list[np.ndarray]


def extract(
    todo: Mapping[str, Path],
    store: FaceStore,
    make_detector: Callable[[], FaceDetector],
    recipe: Recipe,
    *,
    pairs: Mapping[str, str] = MappingProxyType({}),
    num_workers: int = 2,
    timeout_s: float = 300,
    detect_in_workers: bool = True,
) -> Iterator[VideoRow]:
    """Bring the faces of videos into the store; its tables are built afterwards.

    Args:
        todo: video_id -> file.
        store: opened.
        make_detector: makes the detector; picklable.
        recipe: what to store.
        pairs: video_id of a fake -> that of its real, which is in the store, among `todo`, or not to be had.
        num_workers: processes; at most twice as many videos are in memory.
        timeout_s: a video that takes a worker longer is given up.
        detect_in_workers: each worker has a detector of its own; otherwise there is one, in this process.

    Yields:
        What became of each video, once it is on disk: by id, all reals before the fakes of `pairs`.
    """
    detector = make_detector()  # in any case: what is wrong with its weights is said here, once
    work = _Work(make_detector if detect_in_workers else None, recipe, store, pairs)
    # Not forked: torch's and decord's threads do not survive a fork.
    pool = ProcessPool(max_workers=num_workers, context=get_context("spawn"))
    with ThreadPoolExecutor(max_workers=1) as writer, pool:
        for part in (todo.keys() - pairs.keys(), todo.keys() & pairs.keys()):
            jobs = [(video_id, todo[video_id]) for video_id in sorted(part)]
            outcomes = _work_ahead(pool, jobs, work, 2 * num_workers, timeout_s)
            found = (
                work.find(video_id, path, outcome, detector) if isinstance(outcome, Decoded) else outcome
                for video_id, path, outcome in outcomes
            )
            yield from _write_behind(found, store, writer, num_workers)


def _write_behind(
    found: Iterable[Found], store: FaceStore, writer: ThreadPoolExecutor, at_most: int
) -> Iterator[VideoRow]:
    """Write while the next faces are looked for; the end of it means that all are on disk."""
    written: deque[Future[VideoRow]] = deque()
    for each in found:
        written.append(writer.submit(store.write, each.row, each.crops, each.images))
        while len(written) > at_most or (written and written[0].done()):
            yield written.popleft().result()
    for future in written:
        yield future.result()


class _Work:
    """What a worker does with a video; its detector, if it has one, is made at the first and kept."""

    _detector: FaceDetector | None = None  # of this process

    def __init__(
        self,
        make_detector: Callable[[], FaceDetector] | None,
        recipe: Recipe,
        store: FaceStore,
        pairs: Mapping[str, str],
    ) -> None:
        self.make_detector = make_detector
        self.recipe = recipe
        self.store = store
        self.pairs = dict(pairs)

    def __call__(self, video_id: str, path: Path) -> Decoded | Found:
        decoded = decode(path, self.recipe)
        if self.make_detector is None:
            return decoded
        if _Work._detector is None:
            torch.set_num_threads(1)
            _Work._detector = self.make_detector()
        return self.find(video_id, path, decoded, _Work._detector)

    def find(self, video_id: str, path: Path, decoded: Decoded, detector: FaceDetector) -> Found:
        real = find_reference(self.store, self.pairs.get(video_id), decoded.info)
        return find_faces(video_id, path, decoded, detector, self.recipe, real)


def _work_ahead(
    pool: ProcessPool, jobs: Iterable[tuple[str, Path]], work: _Work, at_most: int, timeout_s: float
) -> Iterator[tuple[str, Path, Decoded | Found]]:
    """Work on at most so many videos at a time, and yield in order."""
    waiting = iter(jobs)
    ahead: deque = deque()
    while True:
        for video_id, path in islice(waiting, at_most - len(ahead)):
            ahead.append((video_id, path, pool.schedule(work, (video_id, path), timeout=timeout_s)))
        if not ahead:
            return
        video_id, path, future = ahead.popleft()
        yield video_id, path, _outcome(video_id, path, future, timeout_s)


def _outcome(video_id: str, path: Path, future: Future, timeout_s: float) -> Decoded | Found:
    try:
        return future.result()
    except UnreadableVideoError as error:
        return _nothing(VideoRow(video_id, Status.UNREADABLE, error.reason, num_bytes=file_size(path)))
    except TimeoutError:
        reason = f"not done within {timeout_s:g} s"
    except ProcessExpired as error:
        reason = f"the process that decoded it died (exit code {error.exitcode})"
    # That may be the machine's fault: without the file's size it does not count as done, and is tried again next time.
    return _nothing(VideoRow(video_id, Status.UNREADABLE, reason, num_bytes=-1))


def decode(path: Path, recipe: Recipe) -> Decoded:
    """Read the frames that the recipe asks for.

    Raises:
        UnreadableVideoError: they cannot be read.
    """
    info = probe(path)
    segments = segment_frames(info.num_frames, recipe.num_segments, recipe.segment_length)
    frames = read(path, [i for segment in segments for i in segment]) if segments else np.zeros((0, 0, 0, 3), np.uint8)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    return Decoded(info, digest, segments, frames)


def find_faces(
    video_id: str, path: Path, decoded: Decoded, detector: FaceDetector, recipe: Recipe, real: Reference | None
) -> Found:
    """Detect (or take from the real), link and crop: one video's row, its crops and their pixels."""
    info, frames = decoded.info, decoded.frames

    def row(status: Status, reason: str = "", num_faces: int = 0, boxes: str = "") -> VideoRow:
        facts = (info.num_frames, info.fps, info.height, info.width, len(frames), num_faces)
        return VideoRow(video_id, status, reason, *facts, file_size(path), decoded.digest, boxes)

    if not decoded.segments:
        return _nothing(row(Status.TOO_SHORT, f"{info.num_frames} frames, and a segment is {recipe.segment_length}"))
    indices = [i for segment in decoded.segments for i in segment]
    reused = reused_tracks(real, frames, indices, detector, recipe.min_score) if real and recipe.reuse_boxes else None
    tracks = reused or find_tracks(frames, indices, detector, recipe)
    if not tracks:
        return _nothing(row(Status.NO_FACE, f"no face in {len(frames)} frames"))
    if real:
        tracks = changed_first(real, tracks, frames, indices, recipe.max_crop_size)
    done = row(Status.OK, num_faces=len(tracks), boxes="reused" if reused else "detected")
    return Found(done, *_crops(frames, decoded.segments, tracks, recipe))


def _nothing(row: VideoRow) -> Found:
    return Found(row, pd.DataFrame(columns=CROP_COLUMNS), [])


def find_tracks(frames: np.ndarray, indices: list[int], detector: FaceDetector, recipe: Recipe) -> list[FaceTrack]:
    """Detect in every frame and link, the main face first; small and brief faces are dropped.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        indices: T indices of those frames in the video.
    """
    faces = [found.above(recipe.min_score) for found in detector.detect(frames)]
    return [
        track
        for track in link(indices, faces)
        if len(track.frames) >= recipe.min_track_length and smooth(track.boxes).side >= recipe.min_face_size
    ]


def _crops(
    frames: np.ndarray, segments: list[range], tracks: list[FaceTrack], recipe: Recipe
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Cut every track out of every frame where it was found, with one square box in each segment."""
    position = {index: i for i, index in enumerate(i for segment in segments for i in segment)}
    rows, images = [], []
    for number, track in enumerate(tracks):
        for s, segment in enumerate(segments):
            inside = [i for i, frame in enumerate(track.frames) if frame in segment]
            if not inside:
                continue
            face = smooth(track.boxes[inside])
            where = region(face.x, face.y, face.side, recipe.margin)
            for i in inside:
                frame = int(track.frames[i])
                images.append(crop(frames[position[frame]], where, recipe.max_crop_size))
                marks = track.landmarks[i].ravel().round(2).tolist()
                score = round(float(track.scores[i]), 4)
                place = (where.x, where.y, where.size, face.x, face.y, face.width, face.height)
                rows.append([number, s, frame, *place, score, *marks])
    return pd.DataFrame(rows, columns=CROP_COLUMNS), images
