"""Scores the clips of every face in files whose crops are stored, with batches that go across files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepfake.data.augment import NoAugmentation
from deepfake.data.clips import find_clips
from deepfake.data.dataset import CLIP_COLUMNS, ClipDataset
from deepfake.models.network import Network
from deepfake.schema import Status
from deepfake.scoring import ScoringRule, score_clips
from deepfake.store import FaceStore, Stored


@dataclass(frozen=True, slots=True)
class Track:
    """One face of a file and the scores of its clips.

    Attributes:
        number: 0 is the largest face.
        scores: (N,) P(fake) of each clip, in order of time; empty if it has none, or if only another is scored.
        num_frames: frames in which it was seen.
        first: number of the first of them.
        last: number of the last one.
        box_frame: number of the frame in which it is largest.
        box: left, top, right and bottom of the face there.
        cut_size: median side of the square that the detector is shown, in pixels of the frame, before it is resized.
    """

    number: int
    scores: np.ndarray
    num_frames: int
    first: int
    last: int
    box_frame: int
    box: tuple[float, float, float, float]
    cut_size: float


def score_tracks(
    files: Sequence[Stored],
    store: FaceStore,
    detector: Network,
    rule: ScoringRule,
    *,
    batch_size: int,
    num_workers: int | None,
    device: str,
) -> list[list[Track]]:
    """Return the faces of each file, with the scores of their clips.

    Args:
        files: what the store holds of each file.
        store: the store, whose tables are not needed.
        detector: the network in eval mode.
        rule: which clips are scored.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; 0 loads in this one, and None means one per core.
        device: the device that the detector runs on.
    """
    files_with_faces = [i for i, file in enumerate(files) if file.row.status == Status.OK]
    tables = [files[i].crops for i in files_with_faces]
    if not tables:
        return [[] for _ in files]
    video = np.repeat(np.arange(len(tables), dtype=np.int32), [len(table) for table in tables])
    columns = {name: np.concatenate([table[name].to_numpy() for table in tables]) for name in CLIP_COLUMNS}
    video_ids = [files[i].row.video_id for i in files_with_faces]
    clips = find_clips(
        video,
        columns,
        detector.spec,
        video_ids=video_ids,
        labels=np.full(len(tables), np.nan),
        methods=[""] * len(tables),
        only_track=np.zeros(len(tables), np.int64) if rule.tracks == "main" else None,
        at_most=rule.clips_per_track,
    )
    dataset = ClipDataset(clips, store, detector.spec, NoAugmentation(), (video, columns))
    scores = score_clips(detector, dataset, batch_size=batch_size, num_workers=num_workers, device=device, shown=False)
    found: list[list[Track]] = [[] for _ in files]
    of_clip = clips.video.numpy(), clips.track.numpy()
    for place, i in enumerate(files_with_faces):
        mine = video == place
        own = {name: values[mine] for name, values in columns.items()}
        for number in np.unique(own["track"]).tolist():
            rows = {name: values[own["track"] == number] for name, values in own.items()}
            its = scores[(of_clip[0] == place) & (of_clip[1] == number)]
            found[i].append(_track(number, its, rows, detector.spec.margin))
    return found


def _track(number: int, scores: np.ndarray, rows: Mapping[str, np.ndarray], margin: float) -> Track:
    """Describe a face from its rows in the table of crops."""
    width, height = rows["face_width"], rows["face_height"]
    side = np.maximum(width, height)
    largest = int(side.argmax())
    x, y, w, h = (float(rows[name][largest]) for name in ("face_x", "face_y", "face_width", "face_height"))
    return Track(
        number=number,
        scores=scores,
        num_frames=len(side),
        first=int(rows["frame"].min()),
        last=int(rows["frame"].max()),
        box_frame=int(rows["frame"][largest]),
        box=(round(x - w / 2, 1), round(y - h / 2, 1), round(x + w / 2, 1), round(y + h / 2, 1)),
        cut_size=float(np.median(side)) * margin,
    )
