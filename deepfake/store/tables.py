"""The store's two tables, of videos and of crops, in parts.

    <folder>/manifest.json    lists the parts
             <part>...        see `deepfake.store.parts`

A part is never modified. New rows become a new part; for a video that is in several parts, the last one counts.
Neighbouring parts are merged while the earlier is less than twice as large as the later, so there are few parts and
each row is written only a few times. A replaced part stays for ten minutes for processes that are still reading it.
"""

import errno
import json
import logging
import time
import uuid
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import asdict
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from deepfake.store.disk import Disk
from deepfake.store.faults import ReadOnlyError, not_readable
from deepfake.store.parts import SCHEMAS, Part, Rows, as_parquet, merged

log = logging.getLogger(__name__)
Kind = Literal["videos", "crops"]
MAX_CROPS = 4_000_000  # limit for a merged part, which takes 1 GB of memory
RETIRED_S = 600


class _DamagedPartError(Exception):
    """A part cannot be read."""


class Tables:
    """Read and extend the tables of one store.

    Args:
        disk: the store's folder, whose subfolder `tables` holds them.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.folder = disk.root / "tables"
        self._unsaved: dict[Part, Rows] = {}  # new parts of a store that is read-only
        self.num_lost = 0  # damaged parts, whose rows are missing
        self._damaged: set[str] = set()
        self._unreadable: bytes | None = None  # content of a malformed manifest
        self._live: tuple[tuple[Part, ...], pd.DataFrame] = ((), pd.DataFrame())

    def videos(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return one row for each video, sorted by id, which is the index."""
        while True:
            try:
                live = self._living()
                tables = [self._read(part, "videos", columns) for part in self._live[0]]
                break
            except _DamagedPartError as error:
                self._forget(str(error))
        if not tables:
            return SCHEMAS["videos"].empty_table().select(list(columns)).to_pandas().set_index(live.index)
        rows = pa.concat_tables(tables).take(pa.array(live["place"].to_numpy())).to_pandas()
        return rows.set_index(live.index)

    def crops(self, video_ids: Sequence[str], columns: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the crops of some videos, by video, track and frame.

        Args:
            video_ids: distinct ids; videos that the tables do not list have no crops.
            columns: names of the columns to return.

        Returns:
            (N,) int32, the index of each crop's video in `video_ids`; and each column, (N,).
        """
        while True:
            try:
                return self._crops(video_ids, columns)
            except _DamagedPartError as error:
                self._forget(str(error))

    def _crops(self, video_ids: Sequence[str], columns: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        live = self._living()
        place = pd.Index(video_ids).get_indexer(live.index).astype(np.int32)
        of_part = live["part"].to_numpy()
        found: list[tuple[Part, np.ndarray, np.ndarray]] = []  # a part, its matching rows, and their videos
        for number, part in enumerate(self._live[0]):
            mine = of_part == number
            places = np.full(part.num_videos, -1, np.int32)
            places[live["row"].to_numpy()[mine]] = place[mine]
            if (places >= 0).any():
                video = places[self._read(part, "crops", ["video"])["video"].to_numpy()]
                rows = np.flatnonzero(video >= 0).astype(np.int32)
                found.append((part, rows, video[rows]))
        video = np.concatenate([np.zeros(0, np.int32), *(videos for _, _, videos in found)])
        # Parts are read one by one into arrays of the final size; for a million videos, each takes up to 250 MB.
        arrays = {name: np.empty(len(video), SCHEMAS["crops"].field(name).type.to_pandas_dtype()) for name in columns}
        start = 0
        for part, rows, _ in found:
            table = self._read(part, "crops", columns)
            for name, array in arrays.items():
                array[start : start + len(rows)] = table[name].to_numpy()[rows]
            start += len(rows)
        if (np.diff(video) < 0).any():
            order = np.argsort(video, kind="stable")
            video = video[order]
            arrays = {name: arrays.pop(name)[order] for name in list(arrays)}
        return video, arrays

    def append(self, rows: Rows) -> None:
        """Add or replace rows. If the store is read-only, they are kept in memory for this run."""
        if not rows.videos.num_rows:
            return
        try:
            with self.disk.lock():
                parts, retired = self._manifest()
                parts, superseded = self._with(parts, rows)
                now = time.time()
                left = [(name, since) for name, since in retired if now - since < RETIRED_S]
                self._write_manifest(parts, [*left, *((part.name, now) for part in superseded)])
                for name in {name for name, _ in retired} - {name for name, _ in left}:
                    self._remove(name)
                self._sweep({part.name for part in (*parts, *superseded)} | {name for name, _ in left})
        except ReadOnlyError:
            part = Part(uuid.uuid4().hex, rows.videos.num_rows, rows.crops.num_rows, 0, 0)
            self._unsaved[part] = rows

    def _with(self, parts: list[Part], rows: Rows) -> tuple[list[Part], list[Part]]:
        """Return the parts with a new one at the end, and the parts that were merged into it."""
        kept, superseded = list(parts), []
        while kept and kept[-1].num_videos < 2 * rows.videos.num_rows:
            if kept[-1].num_crops + rows.crops.num_rows > MAX_CROPS:
                break
            older = kept.pop()
            superseded.append(older)
            try:
                content = Rows(*(self._read(older, kind, SCHEMAS[kind].names) for kind in ("videos", "crops")))
                rows = merged(content, rows)
            except _DamagedPartError as error:
                self._tell_damage(str(error))  # its videos are no longer listed, so their archives are read again
        name = uuid.uuid4().hex
        files = {"videos": as_parquet(rows.videos), "crops": as_parquet(rows.crops)}
        for kind, file in files.items():
            self.disk.replace(f"tables/{_file_name(name, kind)}", file)
        part = Part(name, rows.videos.num_rows, rows.crops.num_rows, len(files["videos"]), len(files["crops"]))
        return [*kept, part], superseded

    def _parts(self) -> tuple[Part, ...]:
        parts = [part for part in self._manifest()[0] if part.name not in self._damaged]
        for part in parts:
            for kind, size in (("videos", part.videos_bytes), ("crops", part.crops_bytes)):
                path = self.folder / _file_name(part.name, kind)
                try:
                    whole = path.stat().st_size == size
                except FileNotFoundError:
                    whole = False
                if not whole:
                    raise _DamagedPartError(part.name)
        return (*parts, *self._unsaved)

    def _living(self) -> pd.DataFrame:
        """Return every video's current `part` and `row`, and its `place` among all rows; the index is the sorted id."""
        parts = self._parts()
        if parts != self._live[0] or not len(self._live[1].columns):
            ids = [self._read(part, "videos", ["video_id"])["video_id"].to_pandas() for part in parts]
            table = pd.DataFrame(
                {
                    "video_id": pd.concat(ids) if ids else pd.Series([], dtype="str"),
                    "part": np.repeat(np.arange(len(parts)), [part.num_videos for part in parts]),
                    "row": np.concatenate([np.arange(part.num_videos) for part in parts] or [np.zeros(0, int)]),
                }
            )
            table["place"] = np.arange(len(table))
            table = table.drop_duplicates("video_id", keep="last").set_index("video_id").sort_index()
            self._live = (parts, table)
        return self._live[1]

    def _read(self, part: Part, kind: Kind, columns: Sequence[str]) -> pa.Table:
        if part in self._unsaved:
            return getattr(self._unsaved[part], kind).select(list(columns))
        path = self.folder / _file_name(part.name, kind)
        try:
            table = pq.read_table(
                path, columns=list(columns), schema=SCHEMAS[kind], page_checksum_verification=True, partitioning=None
            )
        except (OSError, pa.ArrowException) as error:
            code = getattr(error, "errno", None)  # pyarrow's errors have none; those of the machine are not damage
            if code not in (None, errno.ENOENT, errno.EINVAL):
                raise not_readable(path, error) from error
            raise _DamagedPartError(part.name) from error
        if table.num_rows != (part.num_videos if kind == "videos" else part.num_crops):
            raise _DamagedPartError(part.name)
        return table

    def _forget(self, name: str) -> None:
        """Drop a part that cannot be read; completing the store reads its videos' archives again."""
        if name not in {part.name for part in self._manifest()[0]}:
            return  # another process has replaced it
        self._tell_damage(name)
        self._damaged.add(name)
        self.num_lost += 1
        with suppress(ReadOnlyError), self.disk.lock():
            parts, retired = self._manifest()
            self._write_manifest([part for part in parts if part.name != name], retired)
            self._remove(name)

    def _tell_damage(self, name: str) -> None:
        log.warning(
            "%s: the tables %s cannot be read; their rows are read from the archives again", self.folder.parent, name
        )

    def _manifest(self) -> tuple[list[Part], list[tuple[str, float]]]:
        """Return the parts in order, and the names of replaced parts with the time of their replacement."""
        path = self.folder / "manifest.json"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return [], []
        except OSError as error:
            raise not_readable(path, error) from error
        try:
            known = json.loads(content)
            parts = [Part(**part) for part in known["parts"]]
            return parts, [(str(name), float(since)) for name, since in known["retired"]]
        except (ValueError, LookupError, TypeError):
            if content != self._unreadable:  # warn once
                log.warning("%s cannot be read; the tables are built from the archives again", path)
            self._unreadable = content
            return [], []

    def _write_manifest(self, parts: Sequence[Part], retired: Sequence[tuple[str, float]]) -> None:
        content = {"parts": [asdict(part) for part in parts], "retired": list(retired)}
        self.disk.replace("tables/manifest.json", json.dumps(content, indent=1).encode())

    def _sweep(self, names: Set[str]) -> None:
        """Remove files that no manifest lists, left by runs that were killed or by a lost manifest."""
        for file in self.folder.glob("*.parquet"):
            with suppress(OSError):
                if file.name.partition(".")[0] not in names and time.time() - file.stat().st_mtime > RETIRED_S:
                    file.unlink()

    def _remove(self, name: str) -> None:
        for kind in SCHEMAS:
            with suppress(OSError):  # a leftover file is not in the manifest and does no harm
                (self.folder / _file_name(name, kind)).unlink(missing_ok=True)


def _file_name(name: str, kind: str) -> str:
    return f"{name}.{kind}.parquet"
