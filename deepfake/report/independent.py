"""Which rows of a table of videos are independent of each other, and so may be drawn again one by one."""

import numpy as np
import pandas as pd

from deepfake.corpora.groups import GroupedBy

WORDS: dict[GroupedBy, str] = {
    "people": "people (or source videos)",
    "targets": "target people (or source videos)",
    "videos": "videos",
}


def resampled(table: pd.DataFrame, people: GroupedBy = "people") -> tuple[np.ndarray, GroupedBy]:
    """Return what each row belongs to that is independent of the others, as numbers (N,), and what that is.

    Rows without a person are of one for each video.
    """
    if "person" not in table or not (table["person"] != "").any():
        return pd.factorize(table["video_id"])[0], "videos"
    alone = table["person"] == ""
    keys = pd.MultiIndex.from_arrays([table["person"], table["video_id"].where(alone, "")])
    return pd.factorize(keys)[0], people
