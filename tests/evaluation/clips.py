"""Clips that are made up for tests of evaluation, and a number of a table."""

import math

import numpy as np
import pandas as pd


def made_up(seed: int = 0, num_videos: int = 24) -> pd.DataFrame:
    """Return clips of videos with unequal numbers of clips, two methods, two groups, and eight people."""
    draw, rows = np.random.default_rng(seed), []
    for video in range(num_videos):
        method = ("real", "swap", "reenact")[video % 3]
        for _ in range(1 + video % 4):
            score = 1 / (1 + math.exp(-draw.normal(1.0 if method != "real" else -1.0, 1.5)))
            rows.append(
                [
                    f"v{video:03}",
                    int(method != "real"),
                    method,
                    0,
                    score,
                    ("c23", "c40")[video // 3 % 2],
                    f"p{video // 3}",
                ]
            )
    return pd.DataFrame(rows, columns=["video_id", "label", "method", "track", "score", "group", "person"])


def value(numbers: pd.DataFrame, level: str, metric: str, part: str = "") -> float:
    chosen = (numbers["level"] == level) & (numbers["metric"] == metric) & (numbers["part"] == part)
    (found,) = numbers.loc[chosen, "value"]
    return float(found)
