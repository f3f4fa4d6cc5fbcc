"""Which videos are to be extracted: what the tables, the archives and the files themselves say of it."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tqdm import tqdm

from deepfake.content import digest
from deepfake.errors import StoreError
from deepfake.schema import Status, VideoRow
from deepfake.store.archive import DamagedArchiveError, Stored, read_archive, read_checked
from deepfake.store.parts import rows_of
from deepfake.store.sources import facts
from deepfake.store.tables import Tables

log = logging.getLogger(__name__)
Stat = tuple[int, int]  # size in bytes and time of change in nanoseconds of an archive


class Noted(NamedTuple):
    """What decides whether a video is to be extracted, as the tables say it."""

    status: str
    path: str
    num_bytes: int
    modified_ns: int
    digest: str
    archive_bytes: int
    archive_modified_ns: int


class Survey:
    """One look at a store and at the files of a corpus.

    Args:
        root: of the store.
        tables: of the store.
        archive_path: where the archive of a video is.
        bring_over: makes an archive of a video of the layout of before; None if there is nothing of it.
    """

    def __init__(
        self,
        root: Path,
        tables: Tables,
        archive_path: Callable[[str], Path],
        bring_over: Callable[[str], VideoRow | None],
    ) -> None:
        self.root = root
        self.tables = tables
        self.archive_path = archive_path
        self.bring_over = bring_over
        self._elsewhere: list[str] = []  # the same content with another time, as when a corpus was copied
        self._foreign: list[tuple[str, str]] = []
        self._changed: list[str] = []
        self._brought_over = 0

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """See `FaceStore.todo`."""
        self._require_apart(paths)
        known = self._noted(paths)
        todo = {}
        with tqdm(sorted(paths.items()), desc="looking at the store", unit="video", delay=2, leave=False) as bar:
            for video_id, path in bar:
                if self._is_todo(video_id, path, known.get(video_id)):
                    todo[video_id] = path
        if self._foreign:
            self._refuse(paths)
        if self._changed:
            log.warning(
                "%d files are others than were extracted, %s the first of them: they are extracted again",
                len(self._changed),
                self._changed[0],
            )
        if self._brought_over:
            log.info("%d videos had a folder each, which is an archive now", self._brought_over)
            for name in ("crops.parquet", "videos.csv"):  # the tables of that layout
                (self.root / name).unlink(missing_ok=True)
        self._note_elsewhere(paths)
        return todo

    def _is_todo(self, video_id: str, path: Path, noted: Noted | None) -> bool:
        if noted is None or stat_of(self.archive_path(video_id)) != noted[-2:]:
            noted = self._looked_up(video_id, checked=noted is not None)
        if noted is None or noted.status == Status.FAILED or noted.num_bytes < 0:
            return True
        now = facts(path)
        if now["num_bytes"] == noted.num_bytes:
            if now["modified_ns"] == noted.modified_ns or not noted.digest:
                return False
            if digest(path) == noted.digest:
                self._elsewhere.append(video_id)
                return False
        if noted.path in ("", now["path"]):
            self._changed.append(video_id)
        else:
            self._foreign.append((video_id, noted.path))
        return True

    def _noted(self, video_ids: Iterable[str]) -> dict[str, Noted]:
        table = self.tables.videos(Noted._fields)
        table = table[table.index.isin(list(video_ids))]
        rows = zip(*(table[name].to_list() for name in Noted._fields), strict=True)
        return dict(zip(table.index.to_list(), map(Noted._make, rows), strict=True))

    def _looked_up(self, video_id: str, *, checked: bool) -> Noted | None:
        """What the archive itself says, `checked` with all of its images; a damaged one is as good as none."""
        path = self.archive_path(video_id)
        try:
            row = (read_checked if checked else read_archive)(path).row
        except (FileNotFoundError, NotADirectoryError):
            found = self.bring_over(video_id)
            if found is None:
                return None
            row = found
            self._brought_over += 1
        except DamagedArchiveError as error:
            log.warning("%s is damaged: %s; its video is extracted again", error.path, error.reason)
            return None
        now = stat_of(path) or (0, 0)
        return Noted(row.status, row.path, row.num_bytes, row.modified_ns, row.digest, *now)

    def _require_apart(self, paths: Mapping[str, Path]) -> None:
        folders = {str(parent) for video_id in paths for parent in PurePosixPath(video_id).parents}
        for video_id in paths:
            if (name := f"{video_id}.zip") in folders:
                inside = next(other for other in paths if other.startswith(f"{name}/"))
                raise StoreError(
                    f"{video_id} and {inside} cannot both be stored, as the archive of the first would be the folder "
                    f"of the second: rename {paths[video_id]}"
                )

    def _refuse(self, paths: Mapping[str, Path]) -> None:
        video_id, there = self._foreign[0]
        raise StoreError(
            f"face store {self.root} was made of other files: {video_id} is {there} there and {paths[video_id]} here, "
            f"with another content ({len(self._foreign)} videos differ): give this corpus a name of its own, as with "
            "data.name=mine, or delete the store if the other files are no longer wanted"
        )

    def _note_elsewhere(self, paths: Mapping[str, Path]) -> None:
        """Note where the files are now, and their times, so that their contents are compared once."""
        if not self._elsewhere:
            return
        log.info(
            "%d files have another time than when they were extracted, and the same content (%s the first of them)",
            len(self._elsewhere),
            self._elsewhere[0],
        )
        for chunk in chunks(self._elsewhere):
            now = []
            for video_id in chunk:
                at = stat_of(self.archive_path(video_id)) or (0, 0)
                stored = read_archive(self.archive_path(video_id))
                now.append((Stored(replace(stored.row, **facts(paths[video_id])), stored.crops), *at))
            self.tables.append(rows_of(now))


def stat_of(archive: Path) -> Stat | None:
    """Size and time of an archive; None if there is none."""
    try:
        found = os.stat(archive)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size, found.st_mtime_ns


def chunks(video_ids: Sequence[str], at_once: int = 1000) -> list[Sequence[str]]:
    """So many at a time as become one part of the tables."""
    return [video_ids[start : start + at_once] for start in range(0, len(video_ids), at_once)]
