"""The videos that a detector got most wrong, with a face each."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from deepfake.errors import DeepfakeError
from deepfake.metrics import THRESHOLD
from deepfake.report.page.words import name_of
from deepfake.report.results import most_wrong

Faces = Callable[[str, int, int], np.ndarray]
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
    """

    name: str
    label: str
    method: str
    score: float
    face: str


def worst_mistakes(videos: pd.DataFrame, clips: pd.DataFrame | None, faces: Faces | None) -> tuple[int, list[Mistake]]:
    """Return how many videos are on the wrong side of 0.5, and those of them whose scores are furthest off.

    Args:
        videos: `video_id`, `label`, `method`, `score`, one row a video.
        clips: `predictions.csv`: of each video the clip that is most wrong shows its face.
        faces: returns the crop of a video's track in a frame, (S, S, 3) uint8 RGB.
    """
    wrong = videos[(videos["score"] > THRESHOLD) != (videos["label"] == 1)]
    chosen = most_wrong(wrong, SHOWN)
    return len(wrong), [
        Mistake(
            name_of(row.video_id),
            "fake" if row.label else "real",
            name_of(row.method) if row.label else "",
            float(row.score),
            _face(row.video_id, clips, faces),
        )
        for row in chosen.itertuples(index=False, name="Video")
    ]


def _face(video_id: str, clips: pd.DataFrame | None, faces: Faces | None) -> str:
    if faces is None or clips is None or "start" not in clips:
        return ""
    own = most_wrong(clips[(clips["video_id"] == video_id) & clips["score"].notna()], 1)
    if own.empty:
        return ""
    clip = own.iloc[0]
    try:
        return _data_uri(faces(video_id, int(clip["track"]), int(clip["start"])))
    except DeepfakeError:  # the store has lost it; the page says that there is no face
        return ""


def _data_uri(face: np.ndarray) -> str:
    picture, content = Image.fromarray(face), io.BytesIO()
    picture.thumbnail((_SIDE, _SIDE))
    picture.save(content, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
