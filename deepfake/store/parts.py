"""One part of the store's tables, which is two Parquet files (videos and their crops), and the merging of two parts.

<name>.videos.parquet    columns of `VideoRow`, then `ARCHIVE`
<name>.crops.parquet     `video`, the row number in the file above, then `CROP_TYPES`; by video, track, frame
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

# State of a video's archive when its rows were read; if size or time differ, the rows must be read again.
ARCHIVE = ["archive_bytes", "archive_modified_ns"]
_TYPES = {int: pa.int64(), float: pa.float64()}  # all others are strings
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
        name: what its two files' names begin with.
        num_videos: rows of the table of videos.
        num_crops: rows of the table of crops.
        videos_bytes: size of the file of videos.
        crops_bytes: size of the file of crops.
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
    """Convert the content of some archives to rows.

    Args:
        stored: for each archive its content, its size in bytes and its modification time in nanoseconds.
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
    """Return the row with strings made valid UTF-8; an error message may contain a file name that is not."""
    return {
        name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def merged(older: Rows, newer: Rows) -> Rows:
    """Merge two parts; for a video in both, keep the newer rows."""
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
    """Return the content of a Parquet file, with checksums that reveal damage."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()
