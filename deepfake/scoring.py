"""From clips to the score of a video: the one rule of training, evaluation and prediction.

    clip    sigmoid of the detector's logit, in double precision
    track   mean of its clips
    video   highest of its tracks, as one forged face makes a forged video

With the main face alone, a video's score is the mean of its clips.
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
    """Which clips of a video are scored. With the detector and the faces, all that decides its score.

    Attributes:
        clips_per_track: at most so many of a face, evenly spread; None: all.
        tracks: the `main` face of a video, or `all`.
        main_face: which one that is: the `largest`, or the `changed` one, where the real of a fake is known.
    """

    clips_per_track: Count | None = 16
    tracks: Tracks = "main"
    main_face: MainFace = "largest"


def clip_logits(detector: Detector, clips: Tensor) -> Tensor:
    """What a detector says of each clip, whatever others are in its batch.

    On a CPU each clip goes through the network alone: how a product of matrices is split among threads and instructions
    follows from its size and the place in it, and so does its rounding. A GPU would idle; there a batch goes through
    whole, and scores in batches of another size may differ in their last digits.

    Args:
        detector: in eval mode.
        clips: (B, T, 3, S, S) in [0, 1].

    Returns:
        (B,) float32, in full precision also where training is not.
    """
    size = 1 if clips.device.type == "cpu" else len(clips)
    with torch.autocast(clips.device.type, enabled=False):
        return torch.cat([detector(part) for part in clips.split(size)]).float()


def clip_scores(logits: Tensor) -> Tensor:
    """P(fake), in double precision: in single, a logit above 17 is a score of exactly 1.

    Of an infinite logit, which stands for no probability, the score is no number.
    """
    return logits.double().where(logits.isfinite(), torch.nan).sigmoid()


@torch.inference_mode()
def score_clips(
    detector: Detector, dataset: ClipDataset, *, batch_size: int, num_workers: int | None, device: str
) -> np.ndarray:
    """P(fake) of every clip of a dataset, (N,) in double precision; the progress is shown.

    Raises:
        TrainingError: a score is no number.
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
            f"{np.count_nonzero(~np.isfinite(found))} of {len(found)} scores are no numbers: the weights or the "
            "pixels are broken; train again, or take another checkpoint"
        )
    return found


def video_scores(video: np.ndarray, track: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The score of each video.

    Args:
        video: (N,) a number for each clip's video, never shared by two.
        track: (N,) not negative.
        score: (N,) P(fake) of each clip. Added up in this order.

    Returns:
        (V,) the videos' numbers, ascending; (V,) float64 scores.

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
    """Every metric at both levels: `clip/auc`, `video/auc`, ...

    Args:
        video: (N,) a number for each clip's video; two videos of one name in different folders are two.
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
