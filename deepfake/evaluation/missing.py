"""Videos without a score: what they count as, and how far they could move a number."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from deepfake.corpora.groups import GroupedBy, group_videos
from deepfake.errors import ConfigError
from deepfake.metrics import all_numbers
from deepfake.ranges import Share
from deepfake.schema import Video

Missing = Literal["exclude", "real", "fake"] | Share  # a number is the score itself
BOUNDED = ("auc", "accuracy")
BELOW = 0.99  # the coverage below which bounds are given
_SCORES: Mapping[object, float] = {"exclude": np.nan, "real": 0.0, "fake": 1.0}


def with_unscored(clips: pd.DataFrame, videos: Sequence[Video]) -> pd.DataFrame:
    """Add a row without a score for each video that has no clip.

    Args:
        clips: one row a clip, as in `predictions.csv`.
        videos: all videos that were to be scored.
    """
    scored = set(clips["video_id"])
    rows = [
        {"video_id": video.video_id, "label": int(video.label), "method": video.method, "track": 0, "score": np.nan}
        for video in videos
        if video.video_id not in scored
    ]
    return pd.concat([clips, pd.DataFrame(rows)], ignore_index=True) if rows else clips


def with_people(clips: pd.DataFrame, videos: Sequence[Video]) -> tuple[pd.DataFrame, GroupedBy]:
    """Add `person`, the number of the people whose videos depend on each other, if the corpus tells any apart.

    Args:
        clips: `video_id`, one row a clip.
        videos: at least those of the clips.

    Returns:
        The clips, and what stands in `person`; see `group_videos`.
    """
    groups, by = group_videos(videos)
    if by == "videos":
        return clips, by
    person = {video.video_id: str(group) for video, group in zip(videos, groups, strict=True)}
    return clips.assign(person=clips["video_id"].map(person)), by


def counted(videos: pd.DataFrame, missing: Missing) -> pd.DataFrame:
    """Return the videos that count, each with a score.

    Args:
        videos: one row a video, with `label`, and `score`, which is NaN where it has none.
        missing: what happens to a video without a score: it is left out, or gets the score of a certain real or of a
            certain fake, or this score.
    """
    filled = videos.assign(score=videos["score"].fillna(_SCORES.get(missing, missing)))
    return filled[filled["score"].notna()].reset_index(drop=True)


def coverage(videos: pd.DataFrame) -> float:
    """Return the share of videos that have a score."""
    return float(videos["score"].notna().mean())


def bounds(videos: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the least and the most that metrics could be, whatever the videos without a score had got.

    Returns:
        Metric -> its value if each of them were scored as wrongly as can be, and as rightly; of `BOUNDED`.
    """
    label = videos["label"].to_numpy(np.float64)
    worst, best = (
        all_numbers(videos["score"].fillna(pd.Series(score, videos.index)), label) for score in (1 - label, label)
    )
    return {name: (worst[name], best[name]) for name in BOUNDED}


def require_coverage(scored: int, total: int, least: float, source: str) -> None:
    """Stop if too few videos have a score.

    Args:
        scored: number of videos with a score.
        total: number of all videos.
        least: the smallest share of them that is enough, 0 to 1.
        source: where they are from, as `predictions=x.csv`.

    Raises:
        ConfigError: the share is smaller.
    """
    if scored < least * total:
        raise ConfigError(
            f"{scored} of {total} videos of {source} have a score, {scored / total:.1%}, and min_coverage={least:g} "
            "asks for more: find out why the others have none, or lower min_coverage"
        )
