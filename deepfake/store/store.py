"""The face store: what face extraction writes to disk and every later stage reads.

    <root>/recipe.yaml              the recipe by which faces were extracted; another recipe has another folder
           crops/<video_id>.zip     one video: its crops and their rows, see `deepfake.store.archive`
           tables/                  the rows of all videos and crops, see `deepfake.store.tables`
           videos.csv               the table of videos, for people
           claims/ partial/         which run works on what; files that are being written

An archive is renamed into place when it is whole. The tables are built from the archives and can be rebuilt.
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
from deepfake.store.faults import ReadOnlyError, not_writable
from deepfake.store.images import ENCODING, decode, encode
from deepfake.store.parts import ARCHIVE, rows_of
from deepfake.store.sources import Verdict, judge, made_of_others
from deepfake.store.survey import Survey
from deepfake.store.tables import Tables
from deepfake.store.threads import THREADS, chunks, each_of

T = TypeVar("T")
VIDEO_COLUMNS = [field.name for field in fields(VideoRow)]


class FaceStore:
    """One folder of faces, extracted by one recipe.

    Args:
        root: the folder, `<faces_dir>/<corpus>/<recipe>`.
        recipe: plain data that fully determines which pixels are stored.
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
        # A worker process reads images by their place, so the tables loaded here are not sent to it.
        return FaceStore, (self.root, self.recipe)

    def open(self) -> "FaceStore":
        """Make the folder if necessary, and remove half-written files of runs that were killed."""
        recipe = yaml.safe_dump(self.recipe, sort_keys=False).encode()
        path = self.root / "recipe.yaml"
        if not path.exists():
            self.replace("recipe.yaml", recipe)
        elif path.read_bytes() != recipe:
            with suppress(ReadOnlyError):  # the file is for people; the folder's name identifies the recipe
                self.replace("recipe.yaml", recipe)
        self.disk.sweep()
        return self

    def replace(self, name: str, content: bytes) -> None:
        """Write one of the store's own files whole or not at all.

        Raises:
            StoreError: the disk is full or read-only.
        """
        self.disk.replace(name, content)

    def archive_path(self, video_id: str) -> Path:
        """Return the path of a video's archive.

        Raises:
            StoreError: the video's id cannot be a file name.
        """
        return self.archives.path(video_id)

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Return the files (video_id -> path) that still need extraction, sorted by id.

        They are new, have failed or changed, or their archive is damaged. Size and modification time tell whether a
        file has changed; if only the time or the path differs, its content is compared.

        Raises:
            StoreError: the store holds the faces of other files with these names, or some of the names cannot be
                stored, or not together.
        """
        return Survey(self.archives, self._tables).todo(paths)

    def encode(self, image: np.ndarray) -> bytes:
        """Encode (S, S, 3) uint8 RGB as a file in the store's image format."""
        return encode(image, self.suffix)

    def write(self, row: VideoRow, crops: pd.DataFrame, images: Sequence[bytes]) -> VideoRow:
        """Store one video, all or nothing, and return its row. Other runs may write to the same store meanwhile.

        Args:
            row: the row of the video.
            crops: `CROP_COLUMNS`, one row for each image.
            images: each as `encode` returns it.

        Raises:
            StoreError: the disk is full or read-only.
        """
        target = self.archive_path(row.video_id)
        with self.disk.written(str(target.relative_to(self.root))) as partial:
            write_archive(partial, row, crops, images, self.suffix)
        return row

    def build_tables(self, video_ids: Iterable[str]) -> bool:
        """Bring the tables up to date with the archives of these videos; rows of other videos stay.

        Returns:
            Whether the tables changed.

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
        """Update the tables as `build_tables` does, without rewriting `videos.csv`."""
        stale = self._stale(video_ids)
        for chunk in chunks(stale):
            with ThreadPoolExecutor(THREADS) as pool:
                self._tables.append(rows_of(list(pool.map(self._for_tables, chunk))))
        return bool(stale)

    def _for_tables(self, video_id: str) -> tuple[Stored, int, int]:
        now = self.archives.stat(video_id) or (0, 0)  # taken before reading, in case the archive is replaced meanwhile
        return self.archives.require(video_id), *now

    def _stale(self, video_ids: Iterable[str]) -> list[str]:
        """Return those of these videos whose archives are not in the tables in their current state."""
        ids = sorted(set(video_ids))
        known = self._tables.videos(ARCHIVE)
        stats = zip(*(known[name].to_list() for name in ARCHIVE), strict=True)
        noted = dict(zip(known.index.to_list(), stats, strict=True))
        stats = zip(ids, each_of(self.archives.stat, ids), strict=True)
        return [video_id for video_id, at in stats if noted.get(video_id, ()) != at]

    def lists(self, video_ids: Iterable[str]) -> bool:
        """Return whether the tables are up to date for all these videos."""
        return not self._stale(video_ids)

    def has(self, video_id: str) -> bool:
        """Return whether a video has been through extraction, whatever the outcome."""
        return self.archives.stat(video_id) is not None

    def stored(self, video_id: str) -> Stored | None:
        """Return the content of one video's archive, before the tables list it; None if it has none.

        Raises:
            StoreError: the archive was damaged, and has been removed.
        """
        return self.archives.find(video_id)

    def failed(self, video_id: str) -> bool:
        """Return whether a video's latest extraction failed."""
        found = self.archives.peek(video_id)
        return found is not None and found.row.status == Status.FAILED

    def discard(self, video_id: str) -> None:
        """Remove a video's archive, so that the video is extracted again.

        Raises:
            StoreError: the store cannot be written to.
        """
        try:
            self.archive_path(video_id).unlink(missing_ok=True)
        except OSError as error:
            raise not_writable(self.root, error, f"crops/{video_id}") from error

    def done(self, video_id: str, path: Path) -> VideoRow | None:
        """Return the row of a video that another run may have just extracted; None if it still needs extraction.

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
        """Return one row for each video, with the columns of `VideoRow` and index `video_id`."""
        return self._tables.videos(VIDEO_COLUMNS[1:])

    def archive_rows(self, video_ids: Iterable[str]) -> pd.DataFrame:
        """Return the rows of these videos from their archives, before the tables list them.

        Raises:
            StoreError: one of them has no archive.
        """
        rows = [asdict(self.archives.require(video_id).row) for video_id in video_ids]
        return pd.DataFrame(rows, columns=VIDEO_COLUMNS).set_index("video_id")

    def rows(self, video_ids: Sequence[str] | pd.Index) -> pd.DataFrame:
        """Return the rows of these videos, in this order.

        Raises:
            StoreError: one of them is missing.
        """
        videos = self._whole(video_ids, self.videos)
        missing = pd.Index(video_ids).difference(videos.index)
        if len(missing):
            raise StoreError(
                f"face store {self.root} lacks {len(missing)} videos, {missing[0]} among them: run scripts/extract.py"
            )
        return videos.loc[list(video_ids)]

    def crops(self, video_ids: Sequence[str] | None = None, columns: Sequence[str] = CROP_COLUMNS) -> pd.DataFrame:
        """Return one row for each crop, with `video_id` and the given columns; by default for all videos."""
        ids = self._tables.videos(["video_id"]).index.to_list() if video_ids is None else list(video_ids)
        video, arrays = self.crop_columns(ids, columns)
        return pd.DataFrame({"video_id": pd.Series(ids, dtype="str").take(video).to_numpy(), **arrays})

    def crop_columns(
        self, video_ids: Sequence[str], columns: Sequence[str]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the crops of some videos, by video, track and frame.

        Args:
            video_ids: distinct ids.
            columns: some of `CROP_COLUMNS` and `PLACE`.

        Returns:
            (N,) int32, the index of each crop's video in `video_ids`; and each column, (N,).
        """
        return self._whole(video_ids, lambda: self._tables.crops(video_ids, columns))

    def _whole(self, video_ids: Iterable[str], read: Callable[[], T]) -> T:
        """Read from the tables; if a part of them is damaged, its rows are first taken from the archives."""
        while True:
            num_lost = self._tables.num_lost
            found = read()
            if self._tables.num_lost == num_lost:
                return found
            self.update_tables([video_id for video_id in video_ids if self.has(video_id)])

    def read_images(self, video_id: str, offsets: np.ndarray, lengths: np.ndarray, crcs: np.ndarray) -> list[bytes]:
        """Return the files of some crops of a video, given their `PLACE`; `decode` turns a file into pixels.

        Raises:
            StoreError: they are missing or were modified. A damaged archive is removed.
        """
        return self.archives.images(video_id, offsets, lengths, crcs)

    def image(self, video_id: str, track: int, frame: int) -> np.ndarray:
        """Return one crop from its archive, (S, S, 3) uint8 RGB.

        Raises:
            StoreError: it is missing or was modified.
        """
        crops = self.archives.require(video_id).crops
        place = crops.loc[(crops["track"] == track) & (crops["frame"] == frame), PLACE]
        if place.empty:
            raise StoreError(f"{self.archive_path(video_id)} has no crop of track {track} in frame {frame}")
        return decode(self.read_images(video_id, *(place[column].to_numpy() for column in PLACE))[0])


def recipe_name(recipe: Mapping[str, Any]) -> str:
    """Return a readable folder name that is unique to the recipe.

    Example:
        >>> recipe_name({"finder": {"_target_": "deepfake.faces.finders.mtcnn.Mtcnn"}, "num_segments": 4,
        ...              "segment_length": 8, "margin": 1.3})
        'mtcnn-4x8-m1.3-...'
    """
    digest = digest_of_bytes(json.dumps(recipe, sort_keys=True).encode(), 4)
    finder = recipe["finder"]["_target_"].rpartition(".")[2].lower()
    given = recipe.get("distortion", {})  # a store of distorted frames says so in its name
    distortion = "".join(f"-{given[key]}" for key in ("name", "level") if given.get(key) is not None)
    return f"{finder}-{recipe['num_segments']}x{recipe['segment_length']}-m{recipe['margin']}{distortion}-{digest}"
