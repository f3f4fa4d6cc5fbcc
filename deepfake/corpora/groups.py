"""Which videos belong together, so that a cross-validation has none of a group on both sides."""

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from deepfake.corpora.audit import source_video
from deepfake.schema import Video

NUM_FOLDS = 5
GroupedBy = Literal["people", "targets", "videos"]
Key = tuple[str, str]


def group_videos(videos: Sequence[Video]) -> tuple[np.ndarray, GroupedBy]:
    """Divide videos into groups that share as little as the corpus lets one tell.

    Videos that share a person, in either role, or a source video are one group. Where faces were swapped around among
    all people, as in Celeb-DF, that makes one group of nearly all videos, which leaves nothing to validate on. Then
    those of one target person or source video are a group: size, rate and light are those of the target's recording.

    Args:
        videos: V videos.

    Returns:
        (V,) the number of each video's group, and what grouped them: `people` in either role, `targets` (or source
        videos), or `videos` if each is a group of its own.
    """
    sources = [{("video", source_video(video))} for video in videos]
    people = [own | {("person", name) for name in v.identities} for own, v in zip(sources, videos, strict=True)]
    groups = _linked(people)
    by: GroupedBy = "people"
    if len(videos) and np.bincount(groups).max() > len(videos) / NUM_FOLDS:
        targets = [
            own | {("person", v.target_id)} if v.target_id else own for own, v in zip(sources, videos, strict=True)
        ]
        groups, by = _linked(targets), "targets"
    return groups, by if len(set(groups.tolist())) < len(videos) else "videos"


def _linked(keys: Sequence[Collection[Key]]) -> np.ndarray:
    """Return the number of each item's group, where items that share a key are in one group."""
    numbers = {key: number for number, key in enumerate(sorted({key for own in keys for key in own}))}
    row = np.repeat(np.arange(len(keys)), [len(own) for own in keys])
    column = np.array([numbers[key] for own in keys for key in own], np.int64) + len(keys)
    size = len(keys) + len(numbers)
    graph = coo_matrix((np.ones(len(row)), (row, column)), shape=(size, size))
    return connected_components(graph, directed=False)[1][: len(keys)].astype(np.int64)
