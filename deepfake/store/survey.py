"""Decide which videos still need extraction, from the tables, the archives and the files themselves."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from deepfake.progress import progress
from deepfake.schema import Status, VideoRow
from deepfake.store.archive import DamagedArchiveError, Stored, read_archive, read_checked
from deepfake.store.archives import Archives, Stat
from deepfake.store.names import require_apart
from deepfake.store.parts import rows_of
from deepfake.store.sources import Facts, Verdict, at_a_glance, by_content, facts, look_at, made_of_others
from deepfake.store.tables import Tables
from deepfake.store.threads import THREADS, chunks, each_of

log = logging.getLogger(__name__)


class Noted(NamedTuple):
    """What the tables list about a video that decides whether it needs extraction."""

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
        archives: the store's archives.
        tables: the store's tables.
    """

    def __init__(self, archives: Archives, tables: Tables) -> None:
        self.root = archives.root
        self.archives = archives
        self.tables = tables

    def todo(self, paths: Mapping[str, Path]) -> dict[str, Path]:
        """Return the files that still need extraction; see `FaceStore.todo`."""
        require_apart(paths, self.root)
        found = self._found(paths)
        again = {name for name, noted in found.items() if noted.status == Status.FAILED or noted.num_bytes < 0}
        by_verdict: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
        for name, verdict in self._verdicts(found, paths).items():
            by_verdict[verdict].append(name)
        if foreign := by_verdict[Verdict.FOREIGN]:
            first = foreign[0]
            raise made_of_others(self.root, first, found[first].path, paths[first], len(foreign))
        if changed := [name for name in by_verdict[Verdict.CHANGED] if name not in again]:
            log.warning(
                "%d files have changed since they were extracted, %s the first of them: they are extracted again",
                len(changed),
                changed[0],
            )
        self._note_elsewhere([name for name in by_verdict[Verdict.MOVED] if name not in again], paths)
        again.update(by_verdict[Verdict.CHANGED], by_verdict[Verdict.UNKNOWN])
        return {name: path for name, path in sorted(paths.items()) if name in again or name not in found}

    def _found(self, paths: Mapping[str, Path]) -> dict[str, Noted]:
        """Return what is known of the videos that are in the store."""
        known, found = self._listed(paths), {}
        video_ids = sorted(paths)
        stats = _bar(each_of(self.archives.stat, video_ids), "looking at the store", total=len(video_ids))
        for video_id, at in zip(video_ids, stats, strict=True):
            noted = known.get(video_id)
            if noted is None or at != noted[-2:]:
                noted = self._looked_up(video_id, at, checked=noted is not None)
            if noted is not None:
                found[video_id] = noted
        return found

    def _verdicts(self, known: Mapping[str, Noted], paths: Mapping[str, Path]) -> dict[str, Verdict]:
        """Compare the file of each video with the one that was extracted."""
        verdicts: dict[str, Verdict] = {}
        unsure: dict[str, Facts] = {}
        # Failed videos are tried again in any case.
        settled = [video_id for video_id, noted in known.items() if noted.status != Status.FAILED]
        files = _bar(each_of(lambda name: look_at(paths[name]), settled), "looking at the files", total=len(settled))
        for video_id, now in zip(settled, files, strict=True):
            verdict = at_a_glance(known[video_id], now)
            if verdict is None:
                unsure[video_id] = now
            else:
                verdicts[video_id] = verdict
        with ThreadPoolExecutor(THREADS) as pool:  # not in chunks, since each comparison takes long
            found = pool.map(lambda name: by_content(known[name], unsure[name], paths[name]), unsure)
            verdicts |= zip(unsure, _bar(found, "comparing files", total=len(unsure)), strict=True)
        return dict(sorted(verdicts.items()))

    def _listed(self, video_ids: Iterable[str]) -> dict[str, Noted]:
        table, wanted = self.tables.videos(Noted._fields), set(video_ids)
        rows = zip(*(table[name].to_list() for name in Noted._fields), strict=True)
        listed = zip(table.index.to_list(), map(Noted._make, rows), strict=True)
        return {video_id: noted for video_id, noted in listed if video_id in wanted}

    def _looked_up(self, video_id: str, now: Stat | None, *, checked: bool) -> Noted | None:
        """Return what the archive itself holds; if `checked`, verify its images. A damaged one counts as missing."""
        if now is None:
            return None
        read = read_checked if checked else read_archive
        try:
            return _noted(read(self.archives.path(video_id), video_id).row, now)
        except (FileNotFoundError, NotADirectoryError):  # removed just now
            return None
        except DamagedArchiveError as error:
            log.warning("%s is damaged: %s; its video is extracted again", error.path, error.reason)
            return None

    def _note_elsewhere(self, video_ids: Sequence[str], paths: Mapping[str, Path]) -> None:
        """Record where the files are now, and their times, so that their contents are not compared again."""
        if not video_ids:
            return
        log.info(
            "%d files have another path or time than when they were extracted, but the same content (%s the first of "
            "them)",
            len(video_ids),
            video_ids[0],
        )
        for chunk in chunks(video_ids):
            now = []
            for video_id in chunk:
                at, stored = self.archives.stat(video_id), self.archives.peek(video_id)
                if at and stored:
                    now.append((Stored(replace(stored.row, **facts(paths[video_id])), stored.crops), *at))
            self.tables.append(rows_of(now))


def _noted(row: VideoRow, at: Stat) -> Noted:
    return Noted(row.status, row.path, row.num_bytes, row.modified_ns, row.digest, *at)


def _bar(each: Iterable[Any], what: str, total: int | None = None) -> Iterable[Any]:
    """A progress bar, if it takes long."""
    return progress(each, what, "videos", total=total, delay=2, keep=False)
