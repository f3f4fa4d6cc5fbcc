"""A store of a few videos, written without a finder: each crop's colour says which frame it is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.schema import ClipSpec, Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore

CHANGED = ("f0", "ft")  # fakes with a second face, which is the one that was changed
SPEC = ClipSpec(1, 1, 1.3, 8, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def video(video_id: str, label: Label, split: Split | None) -> Video:
    return Video("tiny", video_id, Path(f"{video_id}.mp4"), label, split, "real" if label == Label.REAL else "swap")


@pytest.fixture(scope="session")
def videos() -> list[Video]:
    """In train six fakes to one real, and one video without a face; in val and test one of each."""
    return [
        video("r0", Label.REAL, Split.TRAIN),
        *(video(f"f{i}", Label.FAKE, Split.TRAIN) for i in range(6)),
        video("empty", Label.FAKE, Split.TRAIN),
        video("rv", Label.REAL, Split.VAL),
        video("fv", Label.FAKE, Split.VAL),
        video("rt", Label.REAL, Split.TEST),
        video("ft", Label.FAKE, Split.TEST),
        video("dropped", Label.FAKE, None),
    ]


@pytest.fixture(scope="session")
def store(videos: list[Video], tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 1, "segment_length": 8, "margin": 1.3}
    store = FaceStore(tmp_path_factory.mktemp("faces"), {**recipe, "image_format": "png"}).open()
    for v in videos:
        frames = [] if v.video_id == "empty" else range(8)
        tracks = range(2 if v.video_id in CHANGED else 1)
        rows = [[k, 0, f, 0, 0, 13, 6.5, 6.5, 10, 10, 1.0, *[0.0] * 10] for k in tracks for f in frames]
        images = [store.encode(np.full((13, 13, 3), 10 * row[2], np.uint8)) for row in rows]
        status = Status.OK if rows else Status.NO_FACE
        store.write(
            VideoRow(
                v.video_id,
                status,
                num_faces=len(tracks) if rows else 0,
                main_share=0.75 if v.video_id == "f1" else 1.0 if rows else 0.0,
                changed_track=1 if v.video_id in CHANGED else -1,
            ),
            pd.DataFrame(rows, columns=CROP_COLUMNS),
            images,
        )
    store.build_tables(v.video_id for v in videos)
    return store
