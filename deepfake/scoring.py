"""The rule that turns clip scores into a video's score, shared by training, evaluation and prediction.

    clip    sigmoid of the detector's logit, in double precision
    track   mean of its clips, or what `aggregate` says
    video   maximum of its tracks, since one forged face makes a forged video; but see `mean_all`

If only the main face is scored, a video's score is that of its one track. `aggregate` is one of

    mean        mean of the scores of a track's clips
    median      their median; of an even number, the mean of the two in the middle
    max         the highest
    top_3       mean of the 3 highest, or of all if there are fewer; so with any number from 1 to 999
    mean_logit  sigmoid of the mean of their logits, in which a sure clip weighs more than in the mean
    mean_all    mean of all clips of a video, whatever face they show, as older projects have it
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit, logit
from torch import Tensor

from deepfake.data.augment import as_float
from deepfake.data.dataset import ClipDataset
from deepfake.data.loader import clip_loader
from deepfake.errors import TrainingError
from deepfake.metrics.binary import binary_metrics
from deepfake.models.network import Network
from deepfake.progress import progress
from deepfake.ranges import Aggregate, Count
from deepfake.schema import MainFace, Tracks

_EPSILON = 2.0**-53  # a score nearer to 0 or 1 than this counts as if it were so far away; 0 and 1 have no finite logit
_OF_TRACK = {
    "mean": "mean of the clips of a track",
    "median": "median of the clips of a track",
    "max": "highest of the clips of a track",
    "mean_logit": "sigmoid of the mean of the logits of the clips of a track",
}


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """Which clips of a video are scored. With the detector and the faces, this determines a video's score.

    Attributes:
        clips_per_track: the most clips from one track, evenly spread; None scores all.
        tracks: score the `main` face of a video, or `all`.
        main_face: the `largest` face, or the `changed` one if the real video of a fake is known.
        aggregate: how the scores of a face's clips become one, as the top of this file says.
    """

    clips_per_track: Count | None = 16
    tracks: Tracks = "main"
    main_face: MainFace = "largest"
    aggregate: Aggregate = "mean"

    @property
    def aggregation(self) -> str:
        """The way from clips to a video in words.

        Example:
            >>> ScoringRule(aggregate="top_3").aggregation
            'mean of the 3 highest clips of a track, highest of the tracks'
        """
        if self.aggregate == "mean_all":
            return "mean of all clips of a video"
        of_track = _OF_TRACK.get(self.aggregate) or f"mean of the {_top(self.aggregate)} highest clips of a track"
        return f"{of_track}, highest of the tracks"


def clip_logits(detector: Network, clips: Tensor) -> Tensor:
    """Return the detector's logit for each clip, independent of the other clips in the batch.

    On a CPU each clip goes through the network alone, since the rounding of a matrix product depends on its size and
    on a row's place in it. On a GPU that would waste the device, so a batch goes through whole, and scores from batches
    of another size may differ in their last digits.

    Args:
        detector: in eval mode.
        clips: (B, T, 3, S, S) in [0, 1].

    Returns:
        (B,) float32, in full precision even if training uses less.
    """
    size = 1 if clips.device.type == "cpu" else len(clips)
    with torch.autocast(clips.device.type, enabled=False):
        return torch.cat([detector(part) for part in clips.split(size)]).float()


def clip_scores(logits: Tensor) -> Tensor:
    """Return P(fake) in double precision; in single precision, a logit above 17 would give exactly 1.

    An infinite logit stands for no probability, so its score is NaN.
    """
    return logits.double().where(logits.isfinite(), torch.nan).sigmoid()


@torch.inference_mode()
def score_clips(
    detector: Network,
    dataset: ClipDataset,
    *,
    batch_size: int,
    num_workers: int | None,
    device: str,
    shown: bool = True,
) -> np.ndarray:
    """P(fake) of every clip of a dataset, (N,) in double precision.

    Args:
        detector: in eval mode.
        dataset: the clips.
        batch_size: clips that are scored at a time.
        num_workers: processes that load clips; None means one per core.
        device: the device that the detector runs on.
        shown: whether the progress is shown, which callers that show their own leave out.

    Raises:
        TrainingError: a score is NaN.
    """
    detector = detector.to(device)
    on_gpu = device.startswith("cuda")
    loader = clip_loader(dataset, batch_size, num_workers, pin_memory=on_gpu)
    found, done = np.empty(len(dataset)), 0
    for batch in progress(loader, "scoring", "batches") if shown else loader:
        scores = clip_scores(clip_logits(detector, as_float(batch["clip"].to(device, non_blocking=on_gpu))).cpu())
        found[done : done + len(scores)] = scores
        done += len(scores)
    if not np.isfinite(found).all():
        raise TrainingError(
            f"{np.count_nonzero(~np.isfinite(found))} of {len(found)} scores are NaN: the weights or the pixels are "
            "broken; train again, or use another checkpoint"
        )
    return found


def video_scores(
    video: np.ndarray, track: np.ndarray, score: np.ndarray, aggregate: Aggregate = "mean"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of each video.

    Args:
        video: (N,) number of each clip's video, unique to the video.
        track: (N,) not negative.
        score: (N,) P(fake) of each clip, summed in this order.
        aggregate: how a track's clips become one score.

    Returns:
        (V,) the videos' numbers in ascending order, and (V,) their scores in float64.

    Example:
        >>> video_scores(np.array([7, 7, 7, 3]), np.array([0, 0, 1, 0]), np.array([0.25, 0.75, 0.625, 1.0]))
        (array([3, 7]), array([1.   , 0.625]))
    """
    if aggregate == "mean_all":
        track = np.zeros_like(track)
    places, inverse = np.unique(np.stack([video, track], axis=1).astype(np.int64), axis=0, return_inverse=True)
    of_tracks = _track_scores(inverse.ravel(), score, len(places), aggregate)
    videos, first = np.unique(places[:, 0], return_index=True)
    return videos, np.maximum.reduceat(of_tracks, first) if len(first) else of_tracks


def _track_scores(track: np.ndarray, score: np.ndarray, num_tracks: int, aggregate: Aggregate) -> np.ndarray:
    """Return the score of each track, (num_tracks,), of whose clips there is at least one.

    Args:
        track: (N,) number of each clip's track, below `num_tracks`.
        score: (N,) of each clip.
        num_tracks: that there are.
        aggregate: how they become one.
    """
    count = np.bincount(track, minlength=num_tracks)
    if aggregate in ("mean", "mean_all"):
        return np.bincount(track, score, num_tracks) / count
    if aggregate == "mean_logit":
        logits = logit(np.clip(score, _EPSILON, 1 - _EPSILON))
        return expit(np.bincount(track, logits, num_tracks) / count)
    order = np.lexsort((-score, track))  # the highest of each track first
    falling, first = score[order], np.cumsum(count) - count
    if aggregate == "max":
        return falling[first]
    if aggregate == "median":
        return (falling[first + (count - 1) // 2] + falling[first + count // 2]) / 2
    at_most = _top(aggregate)
    rank = np.arange(len(score)) - first[track[order]]
    kept = rank < at_most
    return np.bincount(track[order][kept], falling[kept], num_tracks) / np.minimum(count, at_most)


def _top(aggregate: Aggregate) -> int:
    return int(aggregate.removeprefix("top_"))


def score_levels(
    video: np.ndarray, track: np.ndarray, label: np.ndarray, score: np.ndarray, aggregate: Aggregate = "mean"
) -> dict[str, float]:
    """Return every metric at both levels: `clip/auc`, `video/auc`, ...

    Args:
        video: (N,) number of each clip's video; videos of one name in different folders have different numbers.
        track: (N,).
        label: (N,) 0 real, 1 fake.
        score: (N,) P(fake).
        aggregate: how a track's clips become one score.
    """
    videos, video_score = video_scores(video, track, score, aggregate)
    video_label = np.zeros(len(videos), np.int64)
    video_label[np.searchsorted(videos, video)] = label
    of_level = {"clip": (score, label), "video": (video_score, video_label)}
    return {
        f"{level}/{name}": value
        for level, (scores, labels) in of_level.items()
        for name, value in binary_metrics(torch.tensor(scores), torch.tensor(labels)).items()
    }
