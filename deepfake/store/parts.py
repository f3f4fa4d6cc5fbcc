"""One part of the store's tables: two Parquet files, of some videos and of their crops; and two parts made one.

<name>.videos.parquet    columns of `VideoRow`, then `ARCHIVE`
<name>.crops.parquet     `video`, the number of its row in the file above, then `CROP_TYPES`; by video, track, frame
"""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deepfake.schema import VideoRow
from deepfake.store.archive import CROP_TYPES, Stored

# Of a video's archive when its rows were read: another size or time means that they are to be read again.
ARCHIVE = ["archive_bytes", "archive_modified_ns"]
_TYPES = {int: pa.int64(), float: pa.float64()}  # all else is words
_HINTS = get_type_hints(VideoRow)
VIDEO_SCHEMA = pa.schema(
    [(field.name, _TYPES.get(_HINTS[field.name], pa.string())) for field in fields(VideoRow)]
    + [(name, pa.int64()) for name in ARCHIVE]
)
CROP_SCHEMA = pa.schema([("video", pa.int32()), *CROP_TYPES.items()])
SCHEMAS = {"videos": VIDEO_SCHEMA, "crops": CROP_SCHEMA}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the tables, as the manifest lists it.

    Attributes:
        name: of its two files, less what tells them apart.
        num_videos: rows of the one.
        num_crops: rows of the other.
        videos_bytes: size of the one.
        crops_bytes: size of the other.
    """

    name: str
    num_videos: int
    num_crops: int
    videos_bytes: int
    crops_bytes: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The content of a part: `VIDEO_SCHEMA` and `CROP_SCHEMA`."""

    videos: pa.Table
    crops: pa.Table


def rows_of(stored: Sequence[tuple[Stored, int, int]]) -> Rows:
    """The rows of some archives.

    Args:
        stored: what an archive says, its size in bytes and its time of change in nanoseconds.
    """
    videos = pa.Table.from_pylist(
        [{**_texts(asdict(each.row)), ARCHIVE[0]: size, ARCHIVE[1]: modified} for each, size, modified in stored],
        VIDEO_SCHEMA,
    )
    crops = [each.crops for each, _, _ in stored if len(each.crops)]
    if not crops:
        return Rows(videos, CROP_SCHEMA.empty_table())
    numbers = np.repeat(np.arange(len(stored), dtype=np.int32), [len(each.crops) for each, _, _ in stored])
    table = pd.concat(crops, ignore_index=True).assign(video=numbers)
    return Rows(videos, pa.Table.from_pandas(table, CROP_SCHEMA, preserve_index=False))


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    """The same, with names of files that are no text, as in an error's message, written as one."""
    return {
        name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def merged(older: Rows, newer: Rows) -> Rows:
    """Both as one; of a video that is in both, what the newer says."""
    kept = pc.invert(pc.is_in(older.videos["video_id"], newer.videos["video_id"]))
    mask = kept.to_numpy()
    numbers = np.where(mask, np.cumsum(mask) - 1, -1).astype(np.int32)[older.crops["video"].to_numpy()]
    crops = _renumbered(older.crops, numbers).filter(pa.array(numbers >= 0))
    shifted = newer.crops["video"].to_numpy() + np.int32(mask.sum())
    return Rows(
        pa.concat_tables([older.videos.filter(kept), newer.videos]),
        pa.concat_tables([crops, _renumbered(newer.crops, shifted)]),
    )


def _renumbered(crops: pa.Table, numbers: np.ndarray) -> pa.Table:
    return crops.set_column(0, CROP_SCHEMA.field("video"), pa.array(numbers, pa.int32()))


def as_parquet(table: pa.Table) -> bytes:
    """A file's content, with checksums, so that damage is noticed."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()
