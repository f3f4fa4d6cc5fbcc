"""The rule that turns clip scores into a video's score, shared by training, evaluation and prediction.

    clip    sigmoid of the detector's logit, in double precision
    track   mean of its clips
    video   maximum of its tracks, since one forged face makes a forged video

If only the main face is scored, a video's score is the mean of its clips.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deepfake.data.augment import as_float
from deepfake.data.dataset import ClipDataset
from deepfake.data.loader import clip_loader
from deepfake.errors import TrainingError
from deepfake.metrics.binary import binary_metrics
from deepfake.models.detector import Detector
from deepfake.progress import progress
from deepfake.ranges import Count
from deepfake.schema import MainFace, Tracks

AGGREGATION = "mean of the clips of a track, highest of the tracks"


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """Which clips of a video are scored. With the detector and the faces, this fully determines the video's score.

    Attributes:
        clips_per_track: the most clips from one track, evenly spread; None scores all.
        tracks: score the `main` face of a video, or `all`.
        main_face: the `largest` face, or the `changed` one if the real video of a fake is known.
    """

    clips_per_track: Count | None = 16
    tracks: Tracks = "main"
    main_face: MainFace = "largest"


def clip_logits(detector: Detector, clips: Tensor) -> Tensor:
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
    detector: Detector, dataset: ClipDataset, *, batch_size: int, num_workers: int | None, device: str
) -> np.ndarray:
    """P(fake) of every clip of a dataset, (N,) in double precision; the progress is shown.

    Raises:
        TrainingError: a score is NaN.
    """
    detector = detector.to(device)
    on_gpu = device.startswith("cuda")
    loader = clip_loader(dataset, batch_size, num_workers, pin_memory=on_gpu)
    scores = [
        clip_scores(clip_logits(detector, as_float(batch["clip"].to(device, non_blocking=on_gpu))).cpu())
        for batch in progress(loader, "scoring", "batches")
    ]
    found = torch.cat(scores).numpy() if scores else np.zeros(0)
    if not np.isfinite(found).all():
        raise TrainingError(
            f"{np.count_nonzero(~np.isfinite(found))} of {len(found)} scores are NaN: the weights or the pixels are "
            "broken; train again, or use another checkpoint"
        )
    return found


def video_scores(video: np.ndarray, track: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of each video.

    Args:
        video: (N,) number of each clip's video, unique to the video.
        track: (N,) not negative.
        score: (N,) P(fake) of each clip, summed in this order.

    Returns:
        (V,) the videos' numbers in ascending order, and (V,) their scores in float64.

    Example:
        >>> video_scores(np.array([7, 7, 7, 3]), np.array([0, 0, 1, 0]), np.array([0.25, 0.75, 0.625, 1.0]))
        (array([3, 7]), array([1.   , 0.625]))
    """
    places, inverse = np.unique(np.stack([video, track], axis=1).astype(np.int64), axis=0, return_inverse=True)
    inverse = inverse.ravel()
    means = np.bincount(inverse, score, len(places)) / np.bincount(inverse, minlength=len(places))
    videos, first = np.unique(places[:, 0], return_index=True)
    return videos, np.maximum.reduceat(means, first) if len(first) else means


def score_levels(video: np.ndarray, track: np.ndarray, label: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """Return every metric at both levels: `clip/auc`, `video/auc`, ...

    Args:
        video: (N,) number of each clip's video; videos of one name in different folders have different numbers.
        track: (N,).
        label: (N,) 0 real, 1 fake.
        score: (N,) P(fake).
    """
    videos, video_score = video_scores(video, track, score)
    video_label = np.zeros(len(videos), np.int64)
    video_label[np.searchsorted(videos, video)] = label
    of_level = {"clip": (score, label), "video": (video_score, video_label)}
    return {
        f"{level}/{name}": value
        for level, (scores, labels) in of_level.items()
        for name, value in binary_metrics(torch.tensor(scores), torch.tensor(labels)).items()
    }
