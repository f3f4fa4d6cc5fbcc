"""What is known of a video without a look at its content: facts about the file, and how its face was cut and coded."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from deepfake.cores import num_cores
from deepfake.data.clips import spread
from deepfake.errors import UnreadableVideoError
from deepfake.names import first_few
from deepfake.progress import progress
from deepfake.schema import MainFace, Status, Video
from deepfake.store import PLACE, FaceStore, decode
from deepfake.texture import block_grid, grey, laplacian_variance
from deepfake.video.header import Header, read_header

log = logging.getLogger(__name__)
OF_FILE = ("width", "height", "fps", "bitrate", "codec", "duration_s", "num_frames", "num_bytes")
OF_CROPS = ("crop_side_mean", "crop_side_min", "crop_side_max", "finder_score", "laplacian_variance", "block_grid")
FEATURES = OF_FILE + OF_CROPS
CROPS_READ = 8  # the most crops of a video that are decoded, evenly spread; 7000 videos take minutes


def null_features(videos: Sequence[Video], store: FaceStore, main_face: MainFace) -> pd.DataFrame:
    """Gather the features of videos. Only headers and stored crops are read.

    Args:
        videos: videos that are in the store.
        store: holds their rows and crops.
        main_face: which face of a video its crops are of.

    Returns:
        Index `video_id`, in the order of `videos`; `FEATURES`, in pixels, bits per second, seconds and bytes. `codec`
        is a word and the others are floats. What is not known is missing: of an unreadable file all but its size,
        and of a video without a face `OF_CROPS`.

    Raises:
        StoreError: the store lacks a video, or a crop is damaged.
    """
    ids = [video.video_id for video in videos]
    rows = store.rows(ids)
    track = rows["changed_track"].clip(lower=0) if main_face == "changed" else pd.Series(0, rows.index)
    table = _of_file(videos, rows).join(_of_crops(store, ids, track.to_numpy()))
    return table[list(FEATURES)]


def _of_file(videos: Sequence[Video], rows: pd.DataFrame) -> pd.DataFrame:
    """Return `OF_FILE`. The bitrate is that of the video stream or, where no header says it, of the whole file."""
    names = [name for name in OF_FILE if name not in ("bitrate", "codec")]
    table = rows[names].astype(float)
    table = table.where(table > 0)  # the store writes 0 for what it could not find out
    with ThreadPoolExecutor(num_cores()) as pool:
        headers = list(progress(pool.map(_header, videos), "reading headers", "videos", total=len(videos), delay=1))
    table["codec"] = pd.Series([header and header.codec for header in headers], table.index, dtype=object)
    of_stream = pd.Series([header and header.bitrate for header in headers], table.index, dtype=float)
    table["bitrate"] = of_stream.fillna(8 * table["num_bytes"] / table["duration_s"])
    # Extraction has told of the files that it could not read.
    gone = table.index[table["codec"].isna() & (rows["status"] == Status.OK)]
    if len(gone):
        log.warning("these files can no longer be read, so their headers are unknown: %s", first_few(list(gone)))
    return table


def _header(video: Video) -> Header | None:
    try:
        return read_header(video.path)
    except UnreadableVideoError:
        return None


def _of_crops(store: FaceStore, ids: Sequence[str], track: np.ndarray) -> pd.DataFrame:
    """Return `OF_CROPS` of those videos that have a crop of the given track."""
    video, columns = store.crop_columns(ids, ["track", "size", "score", *PLACE])
    own = columns["track"] == track[video]
    crops = pd.DataFrame({"video": video, **columns})[own]
    side = crops.groupby("video")["size"]
    table = pd.DataFrame(
        {
            "crop_side_mean": side.mean(),
            "crop_side_min": side.min(),
            "crop_side_max": side.max(),
            "finder_score": crops.groupby("video")["score"].mean(),
        }
    )
    chosen = crops.iloc[spread(side.size().to_numpy(), CROPS_READ)]
    parts = [(ids[number], part) for number, part in chosen.groupby("video")]
    with ThreadPoolExecutor(num_cores()) as pool:
        textures = pool.map(lambda part: _texture(store, *part), parts)
        measured = list(progress(textures, "measuring crops", "videos", total=len(parts), delay=1))
    table[["laplacian_variance", "block_grid"]] = np.array(measured).reshape(-1, 2)
    return table.set_axis([ids[number] for number in table.index])


def _texture(store: FaceStore, video_id: str, crops: pd.DataFrame) -> tuple[float, float]:
    images = store.read_images(video_id, *(crops[name].to_numpy() for name in PLACE))
    lumas = [grey(decode(image)) for image in images]
    return float(np.mean([*map(laplacian_variance, lumas)])), float(np.mean([*map(block_grid, lumas)]))
