"""The archive of one video: its crops, where each comes from and the video's row, in one uncompressed zip.

    <track>/<frame>.webp    the crops
    crops.csv               one row for each crop: `CROP_COLUMNS`, then `PLACE`, the position of its image in this file
    video.json              the row of the video

Given its `PLACE`, an image is read without the zip's directory. Any archive program can open the file; if one rewrites
it, the images move, their checksums no longer fit, and the video is extracted again.
"""

import errno
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from deepfake.schema import Status, VideoRow
from deepfake.store.faults import not_readable

LANDMARKS = [
    f"{name}_{axis}" for name in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right") for axis in "xy"
]
# In pixels of the frame: the stored square (left, top, side) and the face's box, smoothed over its segment (centre,
# width, height). The image's side differs from `size` only if it was shrunk.
SQUARE = ["x", "y", "size"]
FACE = ["face_x", "face_y", "face_width", "face_height"]
CROP_COLUMNS = ["track", "segment", "frame", *SQUARE, *FACE, "score", *LANDMARKS]
PLACE = ["offset", "length", "crc"]  # the image's position and length in its archive in bytes, and its CRC-32
CROP_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(CROP_COLUMNS, pa.float64()),
    **dict.fromkeys(("track", "segment", "frame", "length"), pa.int32()),
    "offset": pa.int64(),
    "crc": pa.uint32(),
}

_HEADER = 30  # bytes in a zip's local header before the file name
_TABLES = ("crops.csv", "video.json")
_HINTS = get_type_hints(VideoRow)
# Raised by zipfile, json and the table readers on unexpected bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
_DATE = (1980, 1, 1, 0, 0, 0)  # the zip format's earliest date, so that equal faces give equal bytes


class DamagedArchiveError(Exception):
    """An archive is cut off or was modified.

    Args:
        path: the archive.
        reason: what is wrong, in a few words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[Path, str]]:
        # The default would call __init__ with only the message when the error crosses a process boundary.
        return type(self), (self.path, self.reason)


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of one archive.

    Attributes:
        row: the row of the video.
        crops: `CROP_COLUMNS` and `PLACE`, by track and frame.
    """

    row: VideoRow
    crops: pd.DataFrame


def write_archive(path: Path, row: VideoRow, crops: pd.DataFrame, images: Sequence[bytes], suffix: str) -> None:
    """Write an archive; the caller renames it into place when it is whole.

    Args:
        path: the file, which must not exist yet.
        row: the row of the video.
        crops: `CROP_COLUMNS`, one row for each image.
        images: the content of each crop's file.
        suffix: suffix of the crop files.
    """
    places = []
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:
        for track, frame, image in zip(crops["track"], crops["frame"], images, strict=True):
            name = zipfile.ZipInfo(f"{track}/{frame:06d}.{suffix}", _DATE)
            archive.writestr(name, image)
            places.append((name.header_offset + _HEADER + len(name.filename), len(image), zlib.crc32(image)))
        table = pd.concat([crops.reset_index(drop=True), pd.DataFrame(places, columns=PLACE)], axis=1)
        archive.writestr(zipfile.ZipInfo("crops.csv", _DATE), table.to_csv(index=False))
        archive.writestr(zipfile.ZipInfo("video.json", _DATE), json.dumps(asdict(row), indent=1))


def read_archive(path: Path, video_id: str) -> Stored:
    """Read the rows of an archive, but not the images.

    Args:
        path: the archive.
        video_id: the video to which it should belong.

    Raises:
        FileNotFoundError: the archive does not exist.
        DamagedArchiveError: it is damaged, or belongs to another video.
        StoreError: the machine cannot read it.
    """
    with _opened(path) as (archive, num_bytes):
        return _stored(archive, num_bytes, video_id)


def read_checked(path: Path, video_id: str) -> Stored:
    """Read an archive as `read_archive` does, after checking all checksums and the places of all images."""
    with _opened(path) as (archive, num_bytes):
        stored = _stored(archive, num_bytes, video_id)
        listed = [info for info in archive.infolist() if info.filename not in _TABLES]
        places = [(info.header_offset + _HEADER + len(info.filename), info.file_size, info.CRC) for info in listed]
        if places != list(stored.crops[PLACE].itertuples(index=False, name=None)):
            raise DamagedArchiveError(path, "its images are not where its rows say")
        if (name := archive.testzip()) is not None:
            raise DamagedArchiveError(path, f"{name} has another checksum than the zip says")
    return stored


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, int]]:
    """Open an archive and yield it with its size in bytes; anything its bytes make `zipfile` raise is damage."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            num_bytes = os.fstat(file.fileno()).st_size
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise DamagedArchiveError(path, "it holds compressed files, unlike any archive of a face store")
            if sum(info.file_size for info in archive.infolist()) > num_bytes:
                raise DamagedArchiveError(path, "it declares more content than it holds")
            yield archive, num_bytes
    except _DAMAGE as error:
        raise DamagedArchiveError(path, f"it cannot be read ({error})") from error
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # raised by zipfile; other codes come from the machine
            raise DamagedArchiveError(path, f"it cannot be read ({error})") from error
        raise not_readable(path, error) from error


def _stored(archive: zipfile.ZipFile, num_bytes: int, video_id: str) -> Stored:
    row = _row(json.loads(archive.read("video.json")))
    if row.video_id != video_id:
        raise ValueError(f"it belongs to {row.video_id}")
    crops = _crops(archive.read("crops.csv"))
    offsets, lengths = (crops[name].to_numpy(np.int64) for name in ("offset", "length"))
    if (offsets < 0).any() or (lengths < 0).any() or (offsets + lengths > num_bytes).any():
        raise ValueError("its rows place images outside of the file")
    return Stored(row, crops)


def _row(known: Mapping[str, Any]) -> VideoRow:
    row = VideoRow(**known)  # with defaults for fields that an older extractor did not record
    for field in fields(VideoRow):
        kinds = {float: (int, float), int: (int,)}.get(_HINTS[field.name], (str,))
        if not isinstance(getattr(row, field.name), kinds):
            raise TypeError(f"{field.name} is {getattr(row, field.name)!r}")
    return replace(row, status=Status(row.status))


def _crops(content: bytes) -> pd.DataFrame:
    types = pa.csv.ConvertOptions(column_types=CROP_TYPES, include_columns=list(CROP_TYPES))
    table = pa.csv.read_csv(io.BytesIO(content), convert_options=types)
    if any(table[name].null_count for name, kind in CROP_TYPES.items() if not pa.types.is_floating(kind)):
        raise ValueError("a row of its crops has gaps")
    return table.to_pandas()


def read_images(path: Path, offsets: np.ndarray, lengths: np.ndarray, crcs: np.ndarray) -> list[bytes]:
    """Read the files of some crops, adjacent ones in a single read.

    Args:
        path: the archive.
        offsets: (N,) position of each file in bytes.
        lengths: (N,) length of each in bytes.
        crcs: (N,) CRC-32 of each.

    Raises:
        FileNotFoundError: the archive does not exist.
        DamagedArchiveError: the content at these places is another.
        StoreError: the machine cannot read it.
    """
    if len(offsets) == 0:
        return []
    begins, ends = offsets.astype(np.int64), offsets.astype(np.int64) + lengths
    first, last = int(begins.min()), int(ends.max())
    try:
        with path.open("rb", buffering=0) as file:
            if last - first <= 2 * int(lengths.sum()):  # at most as much is read in vain as is wanted
                block = _read(file, first, last - first)
                images = [block[begin - first : end - first] for begin, end in zip(begins, ends, strict=True)]
            else:
                images = [_read(file, int(begin), int(end - begin)) for begin, end in zip(begins, ends, strict=True)]
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise not_readable(path, error) from error
    for image, crc, begin in zip(images, crcs, begins, strict=True):
        if zlib.crc32(image) != crc:
            raise DamagedArchiveError(path, f"the image at byte {begin} has another checksum than its row says")
    return images


def _read(file: io.FileIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
