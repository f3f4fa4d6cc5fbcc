"""The contact sheet of a face store: which of its videos it shows, in which order, and with which words."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from deepfake.report.contact_sheet import Tile, as_jpeg, contact_sheet
from deepfake.report.lettering import shorten
from deepfake.schema import Status, Video
from deepfake.store import FaceStore

MAX_TILES = 1000
MAX_WITHOUT = 100  # at most this many of them show no face
LONGEST = 60  # longest name of a corpus in the title, in letters


def store_sheet(store: FaceStore, videos: Sequence[Video]) -> bytes:
    """Return a JPEG with one crop of each video's main face, from the middle of its crops, and the finder's mean score.

    Args:
        store: the face store; all of its videos are among `videos`.
        videos: the videos of one corpus.
    """
    table = sheet_table(store, videos)
    chosen = least_certain(table)
    corpus = shorten(store.root.parent.name, lambda name: len(name) <= LONGEST)
    title = f"Faces of {corpus}, found by {store.root.name.partition('-')[0]}"
    return as_jpeg(
        contact_sheet([_tile(store, row) for _, row in chosen.iterrows()], title, _lines(store, table, chosen))
    )


def sheet_table(store: FaceStore, videos: Sequence[Video]) -> pd.DataFrame:
    """Holds what a sheet can show.

    Args:
        store: with its tables.
        videos: the videos of one corpus.

    Returns:
        One row a video: `video_id`, `label`, `group`, `score` (the finder's mean of the main track; NaN without a
        face), `frame` (of the crop in the middle; -1 without a face), `status`, `reason`, and `boxes` as in `VideoRow`.
    """
    known = {video.video_id: video for video in videos}
    rows = store.videos().sort_index()
    ids = rows.index.to_list()
    place, crops = store.crop_columns(ids, ["track", "frame", "score"])
    main = pd.DataFrame({"place": place, **crops}).query("track == 0").groupby("place")
    found = pd.DataFrame(
        {"score": main["score"].mean(), "frame": main["frame"].agg(lambda frames: frames.iloc[len(frames) // 2])}
    ).reindex(range(len(ids)))
    return pd.DataFrame(
        {
            "video_id": ids,
            "label": [known[video_id].label.name.lower() for video_id in ids],
            "group": [known[video_id].real_id or video_id for video_id in ids],
            "score": found["score"].astype(float),
            "frame": found["frame"].fillna(-1).astype(int),
            **{column: rows[column].to_numpy() for column in ("status", "reason", "boxes")},
        }
    )


def least_certain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the videos that a sheet shows, in its order.

    A real and its fakes stay together, the real first. The groups whose least certain video is the least certain come
    first, and a video without a face is the least certain of all.

    Args:
        table: see `sheet_table`.

    Returns:
        At most `MAX_TILES` rows, of which `MAX_WITHOUT` have no face.
    """
    without = table.index[table["score"].isna()]
    kept = table.drop(without[MAX_WITHOUT:])
    order = kept.assign(certainty=kept["score"].fillna(-1), fake=kept["label"] == "fake")
    order = order.assign(least=order.groupby("group")["certainty"].transform("min"))
    order = order.sort_values(["least", "group", "fake", "certainty", "video_id"])
    return table.loc[order.index[:MAX_TILES]]


def _lines(store: FaceStore, table: pd.DataFrame, chosen: pd.DataFrame) -> list[str]:
    """Return the lines below the title: the counts of all videos, and what the sheet leaves out."""
    without, shown = table["score"].isna(), int(chosen["score"].isna().sum())
    labels = ", ".join(f"{count} {label}" for label, count in sorted(Counter(table["label"]).items(), reverse=True))
    troubles = ", ".join(f"{count} {_words(status)}" for status, count in Counter(table["status"][without]).items())
    counts = f"{len(table)} videos ({labels}): {int((~without).sum())} with a face"
    counts += f", {int(without.sum())} without ({troubles})" if without.any() else ""
    rule = "The least certain come first, and fakes stand beside their reals."
    if len(chosen) < len(table):
        rule += f" {len(chosen)} are shown, {shown} of them without a face; videos.csv names all."
    return [
        counts,
        rule,
        "“found” is how sure the finder was of the face, from 0 to 1.",
        f"Face store: {store.root.name}",
    ]


def _tile(store: FaceStore, row: pd.Series) -> Tile:
    about = (row["video_id"], row["label"])
    if pd.isna(row["score"]):
        return Tile(*about, trouble=_words(row["status"]), reason=row["reason"], group=row["group"])
    found = f"found {row['score']:.3f}" + (" in its real" if row["boxes"] == "reused" else "")
    return Tile(*about, store.image(row["video_id"], 0, int(row["frame"])), found, group=row["group"])


def _words(status: str) -> str:
    """
    Example:
        >>> _words("no_face")
        'no face'
    """
    return Status(status).value.replace("_", " ")
