"""Stores that are made on the spot without decoding: a file's content and name determine its faces."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.content import digest
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore, facts

RECIPE = {
    "finder": {"_target_": "a.b.Mtcnn"},
    "num_segments": 4,
    "segment_length": 8,
    "margin": 1.3,
    "image_format": "png",
}
MOST_CROPS = 4


def corpus(root: Path, *names: str, salt: str = "") -> dict[str, Path]:
    """Write one file of 64 bytes for each video; `salt` changes their content but not their size."""
    paths = {}
    for name in names:
        paths[name] = root / f"{name}.mp4"
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_bytes(hashlib.blake2b(f"{name} {salt}".encode()).digest())
    return paths


def faces_of(video_id: str, path: Path) -> tuple[VideoRow, pd.DataFrame, list[np.ndarray]]:
    """Return what extraction would find: a row, one to four crops and their pixels."""
    seed = int.from_bytes(hashlib.sha256(path.read_bytes() + video_id.encode(errors="replace")).digest()[:4], "little")
    rng = np.random.default_rng(seed)
    num = int(rng.integers(1, MOST_CROPS + 1))
    rows = [[i % 2, 0, 3 + i // 2, *rng.uniform(0, 100, len(CROP_COLUMNS) - 3).round(2)] for i in range(num)]
    crops = pd.DataFrame(rows, columns=CROP_COLUMNS).sort_values(["track", "frame"], ignore_index=True)
    row = VideoRow(video_id, Status.OK, num_frames=seed % 1000, num_faces=1, digest=digest(path), **facts(path))
    return row, crops, [rng.integers(0, 255, (6, 6, 3)).astype(np.uint8) for _ in range(num)]


def new(root: Path) -> FaceStore:
    return FaceStore(root, RECIPE).open()


def complete(store: FaceStore, paths: Mapping[str, Path]) -> list[str]:
    """Do what repeating the command does: extract what is missing and update the tables."""
    todo = store.todo(paths)
    for video_id, path in todo.items():
        if store.done(video_id, path) is not None:  # another run has extracted it
            continue
        row, crops, images = faces_of(video_id, path)
        store.write(row, crops, [store.encode(image) for image in images])
    store.build_tables(paths)
    return list(todo)


def content_of(path: Path) -> tuple[dict, list[dict[str, str]], dict[str, bytes]]:
    """Read an archive with the standard library alone: the row, the rows of the crops, the images."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name not in ("video.json", "crops.csv")]
        rows = list(csv.DictReader(io.StringIO(archive.read("crops.csv").decode())))
        return json.loads(archive.read("video.json")), rows, {name: archive.read(name) for name in names}


def all_faces(store: FaceStore, paths: Mapping[str, Path]) -> dict[str, list[np.ndarray]]:
    """Return every crop's pixels as training reads them, by the places in the tables."""
    from deepfake.store import PLACE, decode

    ids = list(paths)
    video, places = store.crop_columns(ids, PLACE)
    found = {}
    for number, video_id in enumerate(ids):
        mine = [places[name][video == number] for name in PLACE]
        found[video_id] = [decode(content) for content in store.read_images(video_id, *mine)]
    return found


def require_truth(store: FaceStore, paths: Mapping[str, Path]) -> None:
    """Assert that tables, places and archives of a store agree with the files of these videos."""
    videos, crops, faces = store.rows(list(paths)), store.crops(list(paths)), all_faces(store, paths)
    for video_id, path in paths.items():
        row, expected, images = faces_of(video_id, path)
        assert videos.loc[video_id, ["num_frames", "digest", "path"]].tolist() == [row.num_frames, row.digest, row.path]
        mine = crops[crops["video_id"] == video_id].drop(columns="video_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, expected, check_dtype=False)
        assert len(faces[video_id]) == len(images)
        assert all(np.array_equal(a, b) for a, b in zip(faces[video_id], images, strict=True))
        known, rows, files = content_of(store.archive_path(video_id))
        assert (known["video_id"], known["digest"]) == (video_id, row.digest)
        assert list(files) == [f"{r['track']}/{int(r['frame']):06d}.png" for r in rows]
