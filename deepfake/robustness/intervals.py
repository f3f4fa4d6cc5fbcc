"""The intervals of a test of robustness: of each level's AUC, and of means over levels.

All levels have the same videos, and their bootstrap draws the same people, or videos, with the same seed. So the
interval of a mean knows that a video which is hard at one level is hard at the next.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from deepfake.corpora.groups import GroupedBy
from deepfake.evaluation import with_people
from deepfake.metrics import Estimate, MeanAucs
from deepfake.ranges import Aggregate
from deepfake.report.independent import resampled
from deepfake.report.results import video_table
from deepfake.schema import Video


class LevelAucs:
    """The AUCs of the videos of one split under one distortion after the other.

    Args:
        videos: at least those that are scored.
        aggregate: how a track's clips become one score; see `deepfake.scoring`.
        seed: of the bootstrap; with that of the clean numbers, the clean interval is theirs.

    Attributes:
        by: what was taken to be independent; known after the first `add`.
    """

    def __init__(self, videos: Sequence[Video], aggregate: Aggregate, seed: int) -> None:
        self.by: GroupedBy = "videos"
        self._videos, self._aggregate, self._seed = videos, aggregate, seed
        self._tables: list[pd.DataFrame] = []

    def add(self, clips: pd.DataFrame) -> Estimate:
        """Return the AUC of videos with its interval.

        Args:
            clips: as in `predictions.csv`, of the same videos each time.

        Raises:
            ValueError: they are of other videos.
        """
        known, people = with_people(clips, self._videos)
        table = video_table(known, self._aggregate)
        if self._tables and not table["video_id"].equals(self._tables[0]["video_id"]):
            raise ValueError("levels have scores of different videos")
        self._tables.append(table)
        _, self.by = resampled(table, people)
        return self._aucs([table]).estimate([0])

    def mean(self, places: Sequence[int]) -> Estimate:
        """Return the mean AUC of some levels with its interval.

        Args:
            places: of the levels, in the order in which they were added.
        """
        chosen = [self._tables[place] for place in places]
        return self._aucs(chosen).estimate(range(len(chosen)))

    def _aucs(self, tables: Sequence[pd.DataFrame]) -> MeanAucs:
        clusters, _ = resampled(tables[0], self.by)
        scores = [table["score"].to_numpy(np.float64) for table in tables]
        return MeanAucs(scores, tables[0]["label"].to_numpy(), clusters, seed=self._seed)
