"""Draws the scores of clips that correlate in their videos."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Clips:
    """Scored clips.

    Attributes:
        scores: (N,) P(fake).
        labels: (N,) 0 real, 1 fake.
        videos: (N,) number of each clip's video.
    """

    scores: np.ndarray
    labels: np.ndarray
    videos: np.ndarray


def draw_clips(num_videos: int, clips_per_video: int, seed: int = 0) -> Clips:
    """Draw clips, of which every other video is fake; the AUC is about 0.8.

    Example:
        >>> clips = draw_clips(2, 3)
        >>> clips.labels.tolist(), clips.videos.tolist()
        ([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])
    """
    generator = np.random.default_rng(seed)
    videos = np.repeat(np.arange(num_videos), clips_per_video)
    labels = videos % 2
    values = generator.normal(size=num_videos)[videos] + generator.normal(size=len(videos)) + 1.7 * labels - 0.85
    return Clips(1 / (1 + np.exp(-values)), labels, videos)
