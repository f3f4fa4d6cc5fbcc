"""Scores the clips of every face in files whose crops are stored, with batches that go across files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch import Tensor

from deepfake.data.augment import NoAugmentation
from deepfake.data.clips import find_clips, spread
from deepfake.data.dataset import CLIP_COLUMNS, ClipDataset, rows_of
from deepfake.models.network import Network
from deepfake.schema import Status
from deepfake.scoring import ScoringRule, score_clips
from deepfake.store import FACE, PLACE, FaceStore, Stored, decode
from deepfake.texture import crop_blocks, grey, sharpness
from deepfake.verdict.pictures import encoded
from deepfake.verdict.quality import Texture

_MEASURED = 4  # the most clips of a face whose blur and compression are measured, evenly spread


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
        frames: (N, T) numbers of the frames of each clip.
        boxes: (N, T, 4) left, top, right and bottom of the face in them.
        thumbnail: the face of `box_frame` as `deepfake.verdict.pictures.encoded` gives it.
        texture: its blur and compression; None if it has no clip, or nobody asks.
        clip: reads one of the clips, (T, 3, S, S) uint8, as long as the store has the crops.
    """

    number: int
    scores: np.ndarray
    num_frames: int
    first: int
    last: int
    box_frame: int
    box: tuple[float, float, float, float]
    cut_size: float
    frames: np.ndarray
    boxes: np.ndarray
    thumbnail: str = ""
    texture: Texture | None = None
    clip: Callable[[int], Tensor] | None = None


def score_tracks(
    files: Sequence[Stored],
    store: FaceStore,
    detector: Network,
    rule: ScoringRule,
    *,
    batch_size: int,
    num_workers: int | None,
    device: str,
    measured: bool = False,
    hop: int | None = None,
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
        measured: whether blur and compression of the faces are measured.
        hop: distance between the starts of clips, as `find_clips` has it.
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
        hop=hop,
    )
    dataset = ClipDataset(clips, store, detector.spec, NoAugmentation(), (video, columns))
    scores = score_clips(detector, dataset, batch_size=batch_size, num_workers=num_workers, device=device, shown=False)
    found: list[list[Track]] = [[] for _ in files]
    of_clip, of_frame = clips.row.numpy(), rows_of(clips, detector.spec).reshape(-1, detector.spec.clip_length)
    # The rows are sorted by video and track, so each track has a range of them.
    begins = np.flatnonzero(np.diff(video, prepend=-1) | np.diff(columns["track"], prepend=-1))
    for first, stop in zip(begins, [*begins[1:], len(video)], strict=True):
        place = int(video[first])
        chosen = np.flatnonzero((of_clip >= first) & (of_clip < stop))
        track = _track(
            {name: values[first:stop] for name, values in columns.items()},
            of_frame[chosen] - first,
            scores[chosen],
            detector.spec.margin,
            partial(store.read_images, video_ids[place]),
        )
        clip = partial(_clip, dataset, chosen)
        texture = _texture(dataset, chosen) if measured else None
        found[files_with_faces[place]].append(replace(track, texture=texture, clip=clip))
    return found


def _texture(dataset: ClipDataset, chosen: np.ndarray) -> Texture | None:
    """Measure the middle frame of some clips of a face, as the detector is shown it and as it is stored."""
    if not len(chosen):
        return None
    some, middle = chosen[spread(np.array([len(chosen)]), _MEASURED)], dataset.spec.clip_length // 2
    frames = [dataset.frame(int(number), middle) for number in some]
    shown = [sharpness(grey(cut.permute(1, 2, 0).numpy())) for _, cut in frames]
    stored = [crop_blocks(image) for image, _ in frames]
    return Texture(float(np.mean(shown)), float(np.mean(stored)))


def _clip(dataset: ClipDataset, chosen: np.ndarray, number: int) -> Tensor:
    return dataset[int(chosen[number])]["clip"]


def _track(
    rows: Mapping[str, np.ndarray],
    clips: np.ndarray,
    scores: np.ndarray,
    margin: float,
    read: Callable[..., list[bytes]],
) -> Track:
    """Describe a face.

    Args:
        rows: its rows in the table of crops.
        clips: (N, T) places in these rows of the frames of each clip.
        scores: (N,) of the clips.
        margin: of the detector's square.
        read: returns crops by their `PLACE`.
    """
    x, y, width, height = (rows[name].astype(np.float64) for name in FACE)
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1).round(1)
    side = np.maximum(width, height)
    largest = int(side.argmax())
    (picture,) = read(*(rows[name][largest : largest + 1] for name in PLACE))
    return Track(
        number=int(rows["track"][0]),
        scores=scores,
        num_frames=len(side),
        first=int(rows["frame"].min()),
        last=int(rows["frame"].max()),
        box_frame=int(rows["frame"][largest]),
        box=tuple(boxes[largest].tolist()),
        cut_size=float(np.median(side)) * margin,
        frames=rows["frame"][clips],
        boxes=boxes[clips],
        thumbnail=encoded(decode(picture)),
    )
