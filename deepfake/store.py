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
import socket
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import yaml
from PIL import Image

from deepfake.errors import StoreError
from deepfake.schema import Status

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


@dataclass(frozen=True, slots=True)
class VideoRow:
    """What became of one video.

    Attributes:
        video_id: as in the corpus.
        status: `ok` if at least one face was stored.
        reason: why not, in a few words; of an `ok` one, what part of the file could not be read.
        num_frames: of the file; 0 if it could not be read.
        fps: average frames per second.
        height: of a frame, in pixels.
        width: of a frame, in pixels.
        num_sampled: frames that were looked at.
        num_faces: tracks that were stored.
        num_detected: of them, those that the detector was shown; boxes of the others are interpolated.
        reader: the library that decoded it; empty if none could.
        num_bytes: of the file. Another number means another file, whose faces are extracted anew.
        digest: BLAKE2 of the file's content; the audit compares it between splits.
        boxes: `detected` in this video, or `reused` from its real; empty without a face.
    """

    video_id: str
    status: Status
    reason: str = ""
    num_frames: int = 0
    fps: float = 0.0
    height: int = 0
    width: int = 0
    num_sampled: int = 0
    num_faces: int = 0
    num_detected: int = 0
    reader: str = ""
    num_bytes: int = 0
    digest: str = ""
    boxes: str = ""


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
            if _abandoned(left):
                shutil.rmtree(left, ignore_errors=True)
                left.unlink(missing_ok=True)
        self._replace("recipe.yaml", yaml.safe_dump(self.recipe, sort_keys=False).encode())
        return self

    def _partial(self) -> Path:
        """A name under which something is written before it is renamed into place; it tells who writes."""
        (self.root / "partial").mkdir(exist_ok=True)
        return self.root / "partial" / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"

    def _replace(self, name: str, content: bytes) -> None:
        partial = self._partial()
        partial.write_bytes(content)
        os.replace(partial, self.root / name)

    def folder(self, video_id: str) -> Path:
        return self.root / "crops" / video_id

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Of these files (video_id -> path), those that have not been through extraction, by id."""
        return {video_id: path for video_id, path in sorted(paths.items()) if not self._done(video_id, path)}

    def _done(self, video_id: str, path: Path) -> bool:
        """A file of another size is another file, as when a corpus was downloaded or generated again."""
        known = self.folder(video_id) / "video.json"
        return known.exists() and json.loads(known.read_text())["num_bytes"] == file_size(path)

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
            raise StoreError(
                f"face store {self.root} cannot be written to ({error.strerror or error}) at {row.video_id}: make room "
                "and give the same command again, it goes on from here"
            ) from error
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
        self._replace("videos.csv", videos.to_csv(index=False).encode())
        self._replace("crops.parquet", table.to_parquet(index=False))

    def _row(self, video_id: str) -> dict[str, Any]:
        path = self.folder(video_id) / "video.json"
        if not path.exists():
            raise StoreError(f"face store {self.root} lacks {video_id}: run scripts/extract.py to complete it")
        return json.loads(path.read_text())

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
        known = self.videos()[["num_bytes", "digest"]]
        listed = dict(zip(known.index, known.itertuples(index=False, name=None), strict=True))
        folders = {row["video_id"]: (row["num_bytes"], row["digest"]) for row in map(self._row, video_ids)}
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


def _abandoned(partial: Path) -> bool:
    """Whether whoever wrote it is gone: on this machine, its process; on another, a video is written within minutes."""
    host, _, rest = partial.name.rpartition("-")[0].rpartition("-")
    if host == socket.gethostname() and rest.isdigit():
        return int(rest) != os.getpid() and not psutil.pid_exists(int(rest))
    return time.time() - partial.stat().st_mtime > 86_400


def file_size(path: Path) -> int:
    """In bytes; 0 for a file that is gone."""
    return path.stat().st_size if path.exists() else 0


def image_name(track: int, frame: int, suffix: str) -> str:
    return f"{track}/{frame:06d}.{suffix}"


def recipe_name(recipe: Mapping[str, Any]) -> str:
    """A folder's name that a person can read and that no other recipe has.

    Example:
        >>> recipe_name({"detector": {"_target_": "deepfake.faces.mtcnn.Mtcnn"}, "num_segments": 4,
        ...              "segment_length": 8, "margin": 1.3})
        'mtcnn-4x8-m1.3-...'
    """
    digest = hashlib.blake2b(json.dumps(recipe, sort_keys=True).encode(), digest_size=4).hexdigest()
    detector = recipe["detector"]["_target_"].rpartition(".")[2].lower()
    return f"{detector}-{recipe['num_segments']}x{recipe['segment_length']}-m{recipe['margin']}-{digest}"
