"""Two stores of a few videos, written without a finder.

In one, each crop's colour tells its frame; the other has noise, faces of several sizes, and crops that were shrunk.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.schema import ClipSpec, Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore

CHANGED = ("f0", "ft")  # fakes with a second face, which is the changed one
SPEC = ClipSpec(1, 1, 1.3, 8, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def video(video_id: str, label: Label, split: Split | None) -> Video:
    return Video(video_id, Path(f"{video_id}.mp4"), label, split, "real" if label == Label.REAL else "swap")


@pytest.fixture(scope="session")
def videos() -> list[Video]:
    """Return six fakes, one real and a video without a face in train, and one fake and one real in val and test."""
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
                main_share=0.5 if v.video_id == "f1" else 1.0 if rows else 0.0,
                changed_track=1 if v.video_id in CHANGED else -1,
            ),
            pd.DataFrame(rows, columns=CROP_COLUMNS),
            images,
        )
    store.build_tables(v.video_id for v in videos)
    return store


@pytest.fixture(scope="session")
def noise_videos() -> list[Video]:
    names = [(f"n{i}", Label(i % 2), Split.TRAIN if i < 6 else Split.VAL if i < 8 else Split.TEST) for i in range(10)]
    return [video(*name) for name in names]


@pytest.fixture(scope="session")
def noise_store(noise_videos: list[Video], tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    """Return two segments of eight frames for each face; images have 33 to 48 px, larger ones are shrunk to 48."""
    recipe = {"finder": {"_target_": "x.Fake"}, "num_segments": 2, "segment_length": 8, "margin": 1.3}
    recipe |= {"image_format": "png", "max_crop_size": 48}
    store = FaceStore(tmp_path_factory.mktemp("noise"), recipe).open()
    generator = np.random.default_rng(0)
    for number, v in enumerate(noise_videos):
        rows, images = [], []
        for segment in (0, 1):
            width, height = generator.uniform(20, 60, 2).round(2)
            side = int(np.ceil(max(width, height) * 1.3))
            for frame in range(20 * segment, 20 * segment + 8):
                if (number, frame) == (3, 22):
                    continue  # a face that was not found
                x, y = 100.5 - width / 2, 90.25 - height / 2
                square = [int(np.floor(100.5 - side / 2)), int(np.floor(90.25 - side / 2)), side]
                rows.append(
                    [0, segment, frame, *square, x + width / 2, y + height / 2, width, height, 1.0, *[0.0] * 10]
                )
                stored = min(side, 48)
                images.append(store.encode(generator.integers(0, 256, (stored, stored, 3), dtype=np.uint8)))
        row = VideoRow(v.video_id, Status.OK, num_faces=1, main_share=1.0)
        store.write(row, pd.DataFrame(rows, columns=CROP_COLUMNS), images)
    store.build_tables(v.video_id for v in noise_videos)
    return store
