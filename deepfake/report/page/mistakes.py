"""The videos that a detector got most wrong, with a face each."""

import base64
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from PIL import Image

from deepfake.errors import DeepfakeError
from deepfake.metrics import THRESHOLD
from deepfake.report.page.words import name_of
from deepfake.report.results import most_wrong

Faces = Callable[[str, int, int], np.ndarray]
Beside = Callable[[str, int, int], dict[str, np.ndarray] | str]
SHOWN = 12
_SIDE = 160  # of a thumbnail, in pixels


@dataclass(frozen=True, slots=True)
class Mistake:
    """One video on the wrong side of 0.5.

    Attributes:
        name: the video's id as it is shown.
        label: `real` or `fake`.
        method: of a fake, as it is shown; empty for a real.
        score: P(fake).
        face: a picture of a face as a data URI; empty if there is none.
        beside: of a fake words -> picture, as data URI, which stand in place of `face`: it, its real, the difference.
        alone: of a fake with a face why there is nothing beside it; empty if that was not looked for.
    """

    name: str
    label: str
    method: str
    score: float
    face: str
    beside: dict[str, str] = field(default_factory=dict)
    alone: str = ""


def worst_mistakes(
    videos: pd.DataFrame, clips: pd.DataFrame | None, faces: Faces | None, beside: Beside | None = None
) -> tuple[int, list[Mistake]]:
    """Return how many videos are on the wrong side of 0.5, and those of them whose scores are furthest off.

    Args:
        videos: `video_id`, `label`, `method`, `score`, one row a video.
        clips: `predictions.csv`: of each video the clip that is most wrong shows its face.
        faces: returns the crop of a video's track in a frame, (S, S, 3) uint8 RGB.
        beside: returns words -> picture of a fake's track in a frame, with its real, or why there are none.
    """
    wrong = videos[(videos["score"] > THRESHOLD) != (videos["label"] == 1)]
    chosen = most_wrong(wrong, SHOWN)
    return len(wrong), [
        Mistake(
            name_of(row.video_id),
            "fake" if row.label else "real",
            name_of(row.method) if row.label else "",
            float(row.score),
            *_pictures(row.video_id, clips, faces, beside if row.label else None),
        )
        for row in chosen.itertuples(index=False, name="Video")
    ]


def left_alone(mistakes: Sequence[Mistake]) -> str:
    """Say of how many fakes the real is not shown, and why; empty if of none.

    Example:
        >>> left_alone([Mistake("a", "fake", "", 0.1, "data:", alone=why) for why in ("no real", "no face", "no real")])
        '3 fakes have no real beside them here: no real (2), no face (1).'
    """
    why = Counter(one.alone for one in mistakes if one.alone)
    if not why:
        return ""
    reasons = ", ".join(f"{reason} ({count})" if len(why) > 1 else reason for reason, count in why.most_common())
    have, them = ("fake has", "it") if why.total() == 1 else ("fakes have", "them")
    return f"{why.total()} {have} no real beside {them} here: {reasons}."


def _pictures(
    video_id: str, clips: pd.DataFrame | None, faces: Faces | None, beside: Beside | None
) -> tuple[str, dict[str, str], str]:
    """Return the last three attributes of `Mistake`."""
    if faces is None or clips is None or "start" not in clips:
        return "", {}, ""
    own = most_wrong(clips[(clips["video_id"] == video_id) & clips["score"].notna()], 1)
    if own.empty:
        return "", {}, ""
    place = video_id, int(own["track"].iloc[0]), int(own["start"].iloc[0])
    try:
        face = _data_uri(faces(*place))
    except DeepfakeError:  # the store has lost it; the page says that there is no face
        return "", {}, ""
    try:
        found = beside(*place) if beside else ""
    except DeepfakeError:
        found = "the real's faces are damaged"
    if isinstance(found, str):
        return face, {}, found
    return face, {words: _data_uri(picture) for words, picture in found.items()}, ""


def _data_uri(face: np.ndarray) -> str:
    picture, content = Image.fromarray(face), io.BytesIO()
    picture.thumbnail((_SIDE, _SIDE))
    picture.save(content, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
