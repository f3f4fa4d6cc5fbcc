"""The face store: what face extraction leaves on disk and everything after it reads.

    <root>/recipe.yaml              what was asked for; another recipe is another folder
           crops/<video_id>.zip     one video: its crops and their rows, see `deepfake.store.archive`
           tables/                  the rows of all videos and crops, see `deepfake.store.tables`
           videos.csv               the table of videos, for people
           claims/ partial/         who is at what; what is being written

An archive is renamed into place when it is whole. The tables are made from the archives and can be made again.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store.archive import (
    CROP_COLUMNS,
    PLACE,
    DamagedArchiveError,
    Stored,
    read_archive,
    read_checked,
    read_images,
    write_archive,
)
from deepfake.store.disk import Disk, ReadOnlyError
from deepfake.store.images import ENCODING, decode, encode
from deepfake.store.old_layout import bring_over
from deepfake.store.parts import ARCHIVE, rows_of
from deepfake.store.sources import same_file
from deepfake.store.survey import Survey, chunks, stat_of
from deepfake.store.tables import Tables

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
        self._tables = Tables(self.disk)

    def __reduce__(self) -> tuple[type, tuple[Path, Mapping[str, Any]]]:
        # For a process of its own, which reads images by their place: the tables that are held here stay here.
        return FaceStore, (self.root, self.recipe)

    def open(self) -> "FaceStore":
        """Make the folder, if need be, and sweep away what a killed run left half-written."""
        recipe = yaml.safe_dump(self.recipe, sort_keys=False).encode()
        path = self.root / "recipe.yaml"
        if not path.exists() or path.read_bytes() != recipe:
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
        """Where the faces of a video are. A name that would be too long for a disk is cut, and a hash added to it."""
        *folders, name = video_id.split("/")
        if len(os.fsencode(name)) > 251:
            digest = hashlib.blake2b(os.fsencode(name), digest_size=8).hexdigest()
            name = f"{os.fsencode(name)[:200].decode(errors='ignore')}-{digest}"
        return self.root.joinpath("crops", *folders, f"{name}.zip")

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Of these files (video_id -> path), those that are to be extracted, by id.

        These are new, or failed, or have changed, or their archive is damaged. Whether a file has changed is told by
        its size and its time, and where only the time is another, by its content.

        Raises:
            StoreError: the store holds the faces of other files of these names, or the archive of one video would lie
                where others have a folder.
        """
        return Survey(self.root, self._tables, self.archive_path, self._bring_over).todo(paths)

    def _bring_over(self, video_id: str) -> VideoRow | None:
        return bring_over(self.root / "crops" / video_id, self.suffix, self.write)

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
        changed = self.update_tables(video_ids)
        if changed or not (self.root / "videos.csv").exists():
            with suppress(ReadOnlyError):
                self.replace("videos.csv", self.videos().to_csv().encode())
        return changed

    def update_tables(self, video_ids: Iterable[str]) -> bool:
        """The same, without the table for people, which is written as a whole."""
        stale = self._stale(video_ids)
        for chunk in chunks(stale):
            with ThreadPoolExecutor(8) as pool:  # on a network disk, most of it is waiting
                self._tables.append(rows_of(list(pool.map(self._for_tables, chunk))))
        return bool(stale)

    def _for_tables(self, video_id: str) -> tuple[Stored, int, int]:
        now = stat_of(self.archive_path(video_id)) or (0, 0)  # before it is read, in case it is replaced meanwhile
        return self._required(video_id), *now

    def _stale(self, video_ids: Iterable[str]) -> list[str]:
        """Of these videos, those of whose archives the tables do not know, or know something else."""
        ids = sorted(set(video_ids))
        known = self._tables.videos(ARCHIVE)
        known = known[known.index.isin(ids)]
        stats = zip(*(known[name].to_list() for name in ARCHIVE), strict=True)
        noted = dict(zip(known.index.to_list(), stats, strict=True))
        return [video_id for video_id in ids if noted.get(video_id, ()) != stat_of(self.archive_path(video_id))]

    def lists(self, video_ids: Iterable[str]) -> bool:
        """Whether the tables say of all these videos what their archives say."""
        return not self._stale(video_ids)

    def _required(self, video_id: str) -> Stored:
        found = self.stored(video_id)
        if found is None:
            raise StoreError(f"face store {self.root} lacks {video_id}: run scripts/extract.py to complete it")
        return found

    def has(self, video_id: str) -> bool:
        """Whether a video has been through extraction, whatever became of it."""
        return stat_of(self.archive_path(video_id)) is not None

    def stored(self, video_id: str) -> Stored | None:
        """One video straight from its archive, before the tables know of it; None if there is none that can be read."""
        try:
            return read_archive(self.archive_path(video_id))
        except (FileNotFoundError, NotADirectoryError, DamagedArchiveError):
            return None

    def done(self, video_id: str, path: Path) -> VideoRow | None:
        """What became of a video that another run may have extracted just now; None if it is still to be done."""
        found = self.stored(video_id)
        if found is None or found.row.status == Status.FAILED or not same_file(found.row, path):
            return None
        return found.row

    def videos(self) -> pd.DataFrame:
        """One row a video, columns as `VideoRow`; index `video_id`."""
        return self._tables.videos(VIDEO_COLUMNS[1:])

    def archive_rows(self, video_ids: Iterable[str]) -> pd.DataFrame:
        """The rows of these videos straight from their archives, before the tables know of them.

        Raises:
            StoreError: one of them is not there.
        """
        rows = [asdict(self._required(video_id).row) for video_id in video_ids]
        return pd.DataFrame(rows, columns=VIDEO_COLUMNS).set_index("video_id")

    def rows(self, video_ids: Sequence[str] | pd.Index) -> pd.DataFrame:
        """The rows of these videos, in this order.

        Raises:
            StoreError: one of them is not there.
        """
        videos = self.videos()
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
        return self._tables.crops(video_ids, columns)

    def read_images(self, video_id: str, offsets: np.ndarray, lengths: np.ndarray, crcs: np.ndarray) -> list[bytes]:
        """The files of some crops of a video, by their `PLACE`; `decode` makes pixels of one.

        Raises:
            StoreError: they are not there, or were changed. A damaged archive is removed.
        """
        path = self.archive_path(video_id)
        try:
            return read_images(path, offsets, lengths, crcs)
        except DamagedArchiveError as error:
            raise self._damaged(path, error.reason) from error
        except FileNotFoundError as error:
            raise StoreError(f"{path} is gone: give the same command again, which extracts its video again") from error

    def _damaged(self, path: Path, reason: str) -> StoreError:
        """Tell an archive that is damaged, which is removed, from one that is newer than the tables that were read."""
        try:
            read_checked(path)
        except DamagedArchiveError:
            with suppress(OSError):
                path.unlink()
            return StoreError(
                f"{path} is damaged ({reason}); it was removed: give the same command again, which extracts its video "
                "again"
            )
        except FileNotFoundError:
            pass
        return StoreError(f"{path} was replaced by another run while this one read it: give the same command again")

    def image(self, video_id: str, track: int, frame: int) -> np.ndarray:
        """(S, S, 3) uint8 RGB, one crop straight from its archive.

        Raises:
            StoreError: it is not there, or was changed.
        """
        crops = self._required(video_id).crops
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
    digest = hashlib.blake2b(json.dumps(recipe, sort_keys=True).encode(), digest_size=4).hexdigest()
    finder = recipe["finder"]["_target_"].rpartition(".")[2].lower()
    return f"{finder}-{recipe['num_segments']}x{recipe['segment_length']}-m{recipe['margin']}-{digest}"
