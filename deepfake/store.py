"""The face store: what face extraction leaves on disk and everything after it reads.

    <root>/recipe.yaml                       what was asked for; another recipe is another folder
           videos.csv                        one row a video: what the file is and what became of it
           crops.parquet                     one row a crop: where in the video it comes from
           crops/<video_id>/video.json       the same rows, of one video
                            crops.csv
                            <track>/<frame>.webp

A video's folder is renamed into place when it is whole, so `video.json` in it means done. The two tables are built
from the folders and can be built again.
"""

import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from deepfake.atomic import abandoned, partial_name
from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow

ENCODING: Mapping[str, Mapping[str, Any]] = {
    # Level 1 is three times as fast as PIL's default and a tenth larger.
    "png": {"compress_level": 1},
    "webp": {"lossless": True, "quality": 0, "method": 0},
    "jpg": {"quality": 95, "subsampling": 0},
}
PILLOW_NAME = {"png": "PNG", "webp": "WEBP", "jpg": "JPEG"}
LANDMARKS = [
    f"{name}_{axis}" for name in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right") for axis in "xy"
]
# In pixels of the frame: the stored square (left, top, side) and the face's box, smoothed over its segment (centre,
# width, height). The image's own side differs from `size` only where it was shrunk.
SQUARE = ["x", "y", "size"]
FACE = ["face_x", "face_y", "face_width", "face_height"]
CROP_COLUMNS = ["track", "segment", "frame", *SQUARE, *FACE, "score", *LANDMARKS]


class FaceStore:
    """One folder of faces, made by one recipe.

    Args:
        root: the folder, `<faces_dir>/<corpus>/<recipe>`.
        recipe: plain data; all that decides which pixels are stored.
    """

    def __init__(self, root: Path, recipe: Mapping[str, Any]) -> None:
        self.root = root
        self.recipe = dict(recipe)
        self.suffix = str(recipe["image_format"])
        if self.suffix not in ENCODING:
            raise StoreError(f"faces.image_format is {self.suffix!r}: choose one of {', '.join(ENCODING)}")

    def open(self) -> "FaceStore":
        """Make the folder, if need be, and sweep away what a killed run left half-written."""
        self.root.mkdir(parents=True, exist_ok=True)
        for left in (self.root / "partial").glob("*"):
            with suppress(OSError):  # another run sweeps at the same time
                if abandoned(left):
                    mine = left.rename(self._partial())
                    shutil.rmtree(mine) if mine.is_dir() else mine.unlink()
        self.replace("recipe.yaml", yaml.safe_dump(self.recipe, sort_keys=False).encode())
        return self

    def _partial(self) -> Path:
        """A name under which something is written before it is renamed into place; it tells who writes."""
        (self.root / "partial").mkdir(exist_ok=True)
        return self.root / "partial" / partial_name()

    def replace(self, name: str, content: bytes) -> None:
        """Write one of the store's own files, whole or not at all.

        Raises:
            StoreError: the disk is full, or cannot be written to.
        """
        partial = self._partial()
        try:
            partial.write_bytes(content)
            os.replace(partial, self.root / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise self._not_writable(error, name) from error

    def _not_writable(self, error: OSError, at: str) -> StoreError:
        return StoreError(
            f"face store {self.root} cannot be written to ({error.strerror or error}) at {at}: make room and give the "
            "same command again, it goes on from here"
        )

    def folder(self, video_id: str) -> Path:
        return self.root / "crops" / video_id

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Of these files (video_id -> path), those that have not been through extraction, by id.

        Raises:
            StoreError: the folder of one video would lie in that of another.
        """
        for video_id in paths:
            for parent in PurePosixPath(video_id).parents:
                if str(parent) in paths:
                    raise StoreError(
                        f"{video_id} and {parent} cannot both be stored, as the faces of one would lie among those of "
                        f"the other: rename {paths[str(parent)]}"
                    )
        return {video_id: path for video_id, path in sorted(paths.items()) if not self._done(video_id, path)}

    def _done(self, video_id: str, path: Path) -> bool:
        """A file of another size is another file, as when a corpus was downloaded or generated again."""
        known = self.folder(video_id) / "video.json"
        if not known.exists():
            return False
        row = json.loads(known.read_text())
        return row["status"] != Status.FAILED and row["num_bytes"] == file_size(path)

    def encode(self, image: np.ndarray) -> bytes:
        """(S, S, 3) uint8 RGB -> the file that is stored of it."""
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, PILLOW_NAME[self.suffix], **ENCODING[self.suffix])
        return buffer.getvalue()

    def write(self, row: VideoRow, crops: pd.DataFrame, images: Sequence[bytes]) -> VideoRow:
        """Store one video, all or nothing, and hand its row back. Others may write to the same store meanwhile.

        Args:
            row: what became of it.
            crops: `CROP_COLUMNS`, one row an image.
            images: each as `encode` gives it.

        Raises:
            StoreError: the disk is full, or cannot be written to.
        """
        partial = self._partial()
        try:
            partial.mkdir()
            for crop, image in zip(crops.itertuples(), images, strict=True):
                path = partial / image_name(crop.track, crop.frame, self.suffix)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(image)
            crops.to_csv(partial / "crops.csv", index=False)
            (partial / "video.json").write_text(json.dumps(asdict(row), indent=1))
            self._into_place(partial, self.folder(row.video_id))
        except OSError as error:
            raise self._not_writable(error, row.video_id) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return row

    def _into_place(self, partial: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(100):
            try:
                partial.rename(target)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            # What was extracted before, of another file, or a moment ago, by another run.
            old = self._partial()
            with suppress(FileNotFoundError):
                target.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        raise OSError(f"{target} comes back as often as it is removed: let one run at a time extract a video")

    def build_tables(self, video_ids: Iterable[str]) -> None:
        """Bring `videos.csv` and `crops.parquet` up to date with the folders of these videos.

        Rows of other videos stay, so that listings of different extent can share a store.

        Raises:
            StoreError: one of them has no folder yet.
        """
        ids = sorted(set(video_ids))
        rows = [self._row(video_id) for video_id in ids]
        crops = [
            pd.read_csv(self.folder(row["video_id"]) / "crops.csv").assign(video_id=row["video_id"])
            for row in rows
            if row["status"] == Status.OK
        ]
        videos = pd.DataFrame(rows, columns=[field.name for field in fields(VideoRow)])
        table = pd.concat(crops or [pd.DataFrame(columns=["video_id", *CROP_COLUMNS])])
        if (self.root / "videos.csv").exists() and (self.root / "crops.parquet").exists():
            others = self.videos().reset_index()
            videos = pd.concat([others[~others["video_id"].isin(ids)], videos])
            known = self.crops()
            table = pd.concat([known[~known["video_id"].isin(ids)], table]) if len(known) else table
        order = ["video_id", "track", "frame"]
        videos = videos.sort_values("video_id")
        table = table.sort_values(order)[["video_id", *CROP_COLUMNS]]
        self.replace("crops.parquet", table.to_parquet(index=False))
        self.replace("videos.csv", videos.to_csv(index=False).encode())  # last: `lists` goes by it

    def _row(self, video_id: str) -> dict[str, Any]:
        path = self.folder(video_id) / "video.json"
        if not path.exists():
            raise StoreError(f"face store {self.root} lacks {video_id}: run scripts/extract.py to complete it")
        return asdict(VideoRow(**json.loads(path.read_text())))  # with defaults for what an older store does not have

    def stored(self, video_id: str) -> tuple[VideoRow, pd.DataFrame] | None:
        """One video straight from its folder, before the tables know of it: its row and its crops; None if not done."""
        if not (self.folder(video_id) / "video.json").exists():
            return None
        row = VideoRow(**self._row(video_id))
        return replace(row, status=Status(row.status)), pd.read_csv(self.folder(video_id) / "crops.csv")

    def videos(self) -> pd.DataFrame:
        """One row a video, columns as `VideoRow`; index `video_id`."""
        return pd.read_csv(self.root / "videos.csv", keep_default_na=False, dtype={"video_id": str}).set_index(
            "video_id"
        )

    def lists(self, video_ids: Iterable[str]) -> bool:
        """Whether the tables say of all these videos what their folders say."""
        if not all((self.root / table).exists() for table in ("videos.csv", "crops.parquet")):
            return False
        columns = ["num_bytes", "digest", "status", "reason"]  # the last two: one that failed is tried again
        known = self.videos()[columns]
        listed = dict(zip(known.index, known.itertuples(index=False, name=None), strict=True))
        folders = {row["video_id"]: tuple(row[column] for column in columns) for row in map(self._row, video_ids)}
        return folders.items() <= listed.items()

    def folder_rows(self, video_ids: Iterable[str]) -> pd.DataFrame:
        """The rows of these videos straight from their folders, before the tables know of them.

        Raises:
            StoreError: one of them is not there.
        """
        rows = pd.DataFrame(list(map(self._row, video_ids)), columns=[field.name for field in fields(VideoRow)])
        return rows.set_index("video_id")

    def rows(self, video_ids: Sequence[str] | pd.Index) -> pd.DataFrame:
        """The rows of these videos, in this order.

        Raises:
            StoreError: one of them is not there.
        """
        videos = self.videos()
        missing = [video_id for video_id in video_ids if video_id not in videos.index]
        if missing:
            raise StoreError(
                f"face store {self.root} lacks {len(missing)} videos, {missing[0]} among them: run scripts/extract.py"
            )
        return videos.loc[list(video_ids)]

    def crops(self) -> pd.DataFrame:
        """One row a crop, columns `video_id` and `CROP_COLUMNS`."""
        return pd.read_parquet(self.root / "crops.parquet")

    def image_path(self, video_id: str, track: int, frame: int) -> Path:
        return self.folder(video_id) / image_name(track, frame, self.suffix)


def file_size(path: Path) -> int:
    """In bytes; 0 for a file that is gone."""
    return path.stat().st_size if path.exists() else 0


def image_name(track: int, frame: int, suffix: str) -> str:
    return f"{track}/{frame:06d}.{suffix}"


def recipe_name(recipe: Mapping[str, Any]) -> str:
    """A folder's name that a person can read and that no other recipe has.

    Example:
        >>> recipe_name({"finder": {"_target_": "deepfake.faces.finders.mtcnn.Mtcnn"}, "num_segments": 4,
        ...              "segment_length": 8, "margin": 1.3})
        'mtcnn-4x8-m1.3-...'
    """
    digest = hashlib.blake2b(json.dumps(recipe, sort_keys=True).encode(), digest_size=4).hexdigest()
    finder = recipe["finder"]["_target_"].rpartition(".")[2].lower()
    return f"{finder}-{recipe['num_segments']}x{recipe['segment_length']}-m{recipe['margin']}-{digest}"
