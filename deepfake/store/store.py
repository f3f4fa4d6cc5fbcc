"""The face store: what face extraction leaves on disk and everything after it reads.

    <root>/recipe.yaml              what was asked for; another recipe is another folder
           crops/<video_id>.zip     one video: its crops and their rows, see `deepfake.store.archive`
           tables/                  the rows of all videos and crops, see `deepfake.store.tables`
           videos.csv               the table of videos, for people
           claims/ partial/         who is at what; what is being written

An archive is renamed into place when it is whole. The tables are made from the archives and can be made again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import yaml

from deepfake.content import digest_of_bytes
from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store.archive import CROP_COLUMNS, PLACE, Stored, write_archive
from deepfake.store.archives import Archives
from deepfake.store.disk import Disk
from deepfake.store.faults import ReadOnlyError
from deepfake.store.images import ENCODING, decode, encode
from deepfake.store.parts import ARCHIVE, rows_of
from deepfake.store.sources import Verdict, judge, made_of_others
from deepfake.store.survey import Survey
from deepfake.store.tables import Tables
from deepfake.store.threads import THREADS, chunks, each_of

T = TypeVar("T")
VIDEO_COLUMNS = [field.name for field in fields(VideoRow)]


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
        self.disk = Disk(root)
        self.archives = Archives(root)
        self._tables = Tables(self.disk)

    def __reduce__(self) -> tuple[type, tuple[Path, Mapping[str, Any]]]:
        # For a process of its own, which reads images by their place: the tables that are held here stay here.
        return FaceStore, (self.root, self.recipe)

    def open(self) -> "FaceStore":
        """Make the folder, if need be, and sweep away what a killed run left half-written."""
        recipe = yaml.safe_dump(self.recipe, sort_keys=False).encode()
        path = self.root / "recipe.yaml"
        if not path.exists():
            self.replace("recipe.yaml", recipe)
        elif path.read_bytes() != recipe:
            with suppress(ReadOnlyError):  # it is for people; the folder's name tells the recipe
                self.replace("recipe.yaml", recipe)
        self.disk.sweep()
        return self

    def replace(self, name: str, content: bytes) -> None:
        """Write one of the store's own files, whole or not at all.

        Raises:
            StoreError: the disk is full, or cannot be written to.
        """
        self.disk.replace(name, content)

    def archive_path(self, video_id: str) -> Path:
        """Where the faces of a video are.

        Raises:
            StoreError: no archive can have its name.
        """
        return self.archives.path(video_id)

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Of these files (video_id -> path), those that are to be extracted, by id.

        These are new, or failed, or have changed, or their archive is damaged. Whether a file has changed is told by
        its size and its time, and where only its time or its place is another, by its content.

        Raises:
            StoreError: the store holds the faces of other files of these names, or one of the names cannot be stored,
                or two not beside each other.
        """
        return Survey(self.archives, self._tables).todo(paths)

    def encode(self, image: np.ndarray) -> bytes:
        """(S, S, 3) uint8 RGB -> the file that is stored of it."""
        return encode(image, self.suffix)

    def write(self, row: VideoRow, crops: pd.DataFrame, images: Sequence[bytes]) -> VideoRow:
        """Store one video, all or nothing, and hand its row back. Others may write to the same store meanwhile.

        Args:
            row: what became of it.
            crops: `CROP_COLUMNS`, one row an image.
            images: each as `encode` gives it.

        Raises:
            StoreError: the disk is full, or cannot be written to.
        """
        target = self.archive_path(row.video_id)
        with self.disk.written(str(target.relative_to(self.root))) as partial:
            write_archive(partial, row, crops, images, self.suffix)
        return row

    def build_tables(self, video_ids: Iterable[str]) -> bool:
        """Bring the tables up to date with the archives of these videos; rows of other videos stay.

        Returns:
            Whether anything had to be done.

        Raises:
            StoreError: one of them has no archive yet.
        """
        video_ids = list(video_ids)
        changed = self.update_tables(video_ids)
        if changed or not (self.root / "videos.csv").exists():
            with suppress(ReadOnlyError):
                self.replace("videos.csv", self._whole(video_ids, self.videos).to_csv().encode())
        return changed

    def update_tables(self, video_ids: Iterable[str]) -> bool:
        """The same, without the table for people, which is written as a whole."""
        stale = self._stale(video_ids)
        for chunk in chunks(stale):
            with ThreadPoolExecutor(THREADS) as pool:
                self._tables.append(rows_of(list(pool.map(self._for_tables, chunk))))
        return bool(stale)

    def _for_tables(self, video_id: str) -> tuple[Stored, int, int]:
        now = self.archives.stat(video_id) or (0, 0)  # before it is read, in case it is replaced meanwhile
        return self.archives.require(video_id), *now

    def _stale(self, video_ids: Iterable[str]) -> list[str]:
        """Of these videos, those of whose archives the tables do not know, or know something else."""
        ids = sorted(set(video_ids))
        known = self._tables.videos(ARCHIVE)
        stats = zip(*(known[name].to_list() for name in ARCHIVE), strict=True)
        noted = dict(zip(known.index.to_list(), stats, strict=True))
        stats = zip(ids, each_of(self.archives.stat, ids), strict=True)
        return [video_id for video_id, at in stats if noted.get(video_id, ()) != at]

    def lists(self, video_ids: Iterable[str]) -> bool:
        """Whether the tables say of all these videos what their archives say."""
        return not self._stale(video_ids)

    def has(self, video_id: str) -> bool:
        """Whether a video has been through extraction, whatever became of it."""
        return self.archives.stat(video_id) is not None

    def stored(self, video_id: str) -> Stored | None:
        """One video straight from its archive, before the tables know of it; None if it has none.

        Raises:
            StoreError: its archive is damaged, and was removed.
        """
        return self.archives.find(video_id)

    def failed(self, video_id: str) -> bool:
        """Whether a video failed when it was extracted last."""
        found = self.archives.peek(video_id)
        return found is not None and found.row.status == Status.FAILED

    def done(self, video_id: str, path: Path) -> VideoRow | None:
        """What became of a video that another run may have extracted just now; None if it is still to be done.

        Raises:
            StoreError: that run extracted another file of this name.
        """
        found = self.archives.whole(video_id)
        if found is None or found.row.status == Status.FAILED or found.row.num_bytes < 0:
            return None
        verdict = judge(found.row, path)
        if verdict is Verdict.FOREIGN:
            raise made_of_others(self.root, video_id, found.row.path, path, 1)
        return found.row if verdict in (Verdict.SAME, Verdict.MOVED) else None

    def videos(self) -> pd.DataFrame:
        """One row a video, columns as `VideoRow`; index `video_id`."""
        return self._tables.videos(VIDEO_COLUMNS[1:])

    def archive_rows(self, video_ids: Iterable[str]) -> pd.DataFrame:
        """The rows of these videos straight from their archives, before the tables know of them.

        Raises:
            StoreError: one of them is not there.
        """
        rows = [asdict(self.archives.require(video_id).row) for video_id in video_ids]
        return pd.DataFrame(rows, columns=VIDEO_COLUMNS).set_index("video_id")

    def rows(self, video_ids: Sequence[str] | pd.Index) -> pd.DataFrame:
        """The rows of these videos, in this order.

        Raises:
            StoreError: one of them is not there.
        """
        videos = self._whole(video_ids, self.videos)
        missing = pd.Index(video_ids).difference(videos.index)
        if len(missing):
            raise StoreError(
                f"face store {self.root} lacks {len(missing)} videos, {missing[0]} among them: run scripts/extract.py"
            )
        return videos.loc[list(video_ids)]

    def crops(self, video_ids: Sequence[str] | None = None, columns: Sequence[str] = CROP_COLUMNS) -> pd.DataFrame:
        """One row a crop, `video_id` and the given columns, of all videos unless told otherwise."""
        ids = self._tables.videos(["video_id"]).index.to_list() if video_ids is None else list(video_ids)
        video, arrays = self.crop_columns(ids, columns)
        return pd.DataFrame({"video_id": pd.Series(ids, dtype="str").take(video).to_numpy(), **arrays})

    def crop_columns(
        self, video_ids: Sequence[str], columns: Sequence[str]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The crops of some videos, by video, track and frame.

        Args:
            video_ids: each once.
            columns: of `CROP_COLUMNS` and `PLACE`.

        Returns:
            (N,) int32, each crop's place in `video_ids`; and each column, (N,).
        """
        return self._whole(video_ids, lambda: self._tables.crops(video_ids, columns))

    def _whole(self, video_ids: Iterable[str], read: Callable[[], T]) -> T:
        """What the tables say; where a part of them is damaged, its rows are taken from these archives first."""
        while True:
            num_lost = self._tables.num_lost
            found = read()
            if self._tables.num_lost == num_lost:
                return found
            self.update_tables([video_id for video_id in video_ids if self.has(video_id)])

    def read_images(self, video_id: str, offsets: np.ndarray, lengths: np.ndarray, crcs: np.ndarray) -> list[bytes]:
        """The files of some crops of a video, by their `PLACE`; `decode` makes pixels of one.

        Raises:
            StoreError: they are not there, or were changed. A damaged archive is removed.
        """
        return self.archives.images(video_id, offsets, lengths, crcs)

    def image(self, video_id: str, track: int, frame: int) -> np.ndarray:
        """(S, S, 3) uint8 RGB, one crop straight from its archive.

        Raises:
            StoreError: it is not there, or was changed.
        """
        crops = self.archives.require(video_id).crops
        place = crops.loc[(crops["track"] == track) & (crops["frame"] == frame), PLACE]
        if place.empty:
            raise StoreError(f"{self.archive_path(video_id)} has no crop of track {track} in frame {frame}")
        return decode(self.read_images(video_id, *(place[column].to_numpy() for column in PLACE))[0])


def recipe_name(recipe: Mapping[str, Any]) -> str:
    """A folder's name that a person can read and that no other recipe has.

    Example:
        >>> recipe_name({"finder": {"_target_": "deepfake.faces.finders.mtcnn.Mtcnn"}, "num_segments": 4,
        ...              "segment_length": 8, "margin": 1.3})
        'mtcnn-4x8-m1.3-...'
    """
    digest = digest_of_bytes(json.dumps(recipe, sort_keys=True).encode(), 4)
    finder = recipe["finder"]["_target_"].rpartition(".")[2].lower()
    return f"{finder}-{recipe['num_segments']}x{recipe['segment_length']}-m{recipe['margin']}-{digest}"
