"""Completes a store of distorted faces beside the clean one: the same videos, tracks, frames and squares."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.distort.distortion import Distortion
from deepfake.errors import CorpusError, ExtractionError
from deepfake.extraction.completion import default_workers
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.distorted import DistortFaces
from deepfake.faces.extract import carry_out
from deepfake.faces.recipe import Recipe
from deepfake.faces.server import worker_context
from deepfake.names import shown
from deepfake.progress import Progress
from deepfake.schema import Status, Video
from deepfake.store import CROP_COLUMNS, FACE, SQUARE, FaceStore, recipe_name
from deepfake.video.door import readers_for

log = logging.getLogger(__name__)
_PLACES = ["track", "segment", "frame", *SQUARE, *FACE]


@dataclass(frozen=True, slots=True)
class CleanStore:
    """The clean faces beside which distorted ones are stored.

    Attributes:
        store: holds them; its tables are up to date.
        videos: the videos of it that are distorted.
        faces: the settled recipe that it was made from.
        options: how to extract; the device does not matter, since no finder runs.
    """

    store: FaceStore
    videos: Sequence[Video]
    faces: Mapping[str, Any]
    options: ExtractOptions


def distorted_store(clean: FaceStore, distortion: Distortion) -> FaceStore:
    """Open the store of a distortion, a folder beside the clean store."""
    recipe = {**clean.recipe, "distortion": dict(distortion.recipe())}
    return FaceStore(clean.root.parent / recipe_name(recipe), recipe).open()


def complete_distorted(source: CleanStore, distortion: Distortion) -> FaceStore:
    """Cut the faces of distorted videos that are not stored yet, and return the store, with the clean store's rows.

    Workers, claims and time limits are those of extraction, so a run that is killed goes on where it was.

    Raises:
        CorpusError: a video's file is gone.
        ExtractionError: a video cannot be distorted, so there are fewer than clean ones.
    """
    clean, videos = source.store, source.videos
    store = distorted_store(clean, distortion)
    ids = [video.video_id for video in videos]
    rows = clean.rows(ids)
    paths = {video.video_id: video.path for video in videos if rows.at[video.video_id, "status"] == Status.OK}
    _copy_others([video for video in videos if video.video_id not in paths], clean, store)
    _discard_other_places(list(paths), clean, store)
    todo = store.todo(paths)
    _require_files(todo, distortion)
    if todo:
        recipe = Recipe(**{key: value for key, value in source.faces.items() if key != "finder"})
        work = DistortFaces(distortion, clean, store, recipe, readers_for(source.options.reader))
        _carry_out(work, todo, store, source.options)
    store.build_tables(ids)
    _require_all(store.rows(list(paths)), store)
    return store


def _carry_out(work: DistortFaces, todo: Mapping[str, Path], store: FaceStore, options: ExtractOptions) -> None:
    workers = min(options.num_workers or default_workers("cpu"), len(todo))
    context = worker_context(DistortFaces.__module__)
    done = carry_out(work, todo, store, context, num_workers=workers, timeout_s=options.timeout_s)
    frames, start = 0, time.perf_counter()
    with Progress(f"distorting by {work.distortion.slug}", "videos", len(todo)) as bar:
        for row in done:
            frames += row.num_sampled
            bar.update(note=f"{frames / (time.perf_counter() - start):.0f} frames/s")


def _copy_others(videos: Sequence[Video], clean: FaceStore, store: FaceStore) -> None:
    """Copy the rows of videos without faces; there is nothing to distort."""
    for video in videos:
        known, there = clean.stored(video.video_id), store.stored(video.video_id)
        if known is not None and (there is None or there.row != known.row):
            store.write(known.row, known.crops[CROP_COLUMNS], [])


def _discard_other_places(video_ids: Sequence[str], clean: FaceStore, store: FaceStore) -> None:
    """Remove what was cut at other squares, as before the clean video was extracted again."""
    there = [video_id for video_id in video_ids if store.has(video_id)]
    store.update_tables(there)
    if other := other_places(there, clean, store):
        log.info(
            "faces of %s were extracted again since they were distorted, %s first, so these are distorted again",
            "1 video" if len(other) == 1 else f"{len(other)} videos",
            other[0],
        )
    for video_id in other:
        store.discard(video_id)


def other_places(video_ids: Sequence[str], one: FaceStore, another: FaceStore) -> list[str]:
    """Return the videos, sorted, whose crops in two stores are not of the same tracks, frames and squares."""
    tables = [store.crops(video_ids, _PLACES) for store in (one, another)]
    counts = pd.concat([table["video_id"].value_counts() for table in tables], axis=1).reindex(list(video_ids))
    counts = counts.fillna(0)
    other = set(counts.index[counts.iloc[:, 0] != counts.iloc[:, 1]])
    ours, theirs = (table[~table["video_id"].isin(other)].reset_index(drop=True) for table in tables)
    unequal = (ours[_PLACES] != theirs[_PLACES]).any(axis=1)
    return sorted(other | set(ours.loc[unequal, "video_id"]))


def unchanged(video_ids: Sequence[str], clean: FaceStore, store: FaceStore) -> list[str]:
    """Return the videos, in their order, whose crops are bit for bit those of the clean store."""
    same = clean.crops(video_ids, ["crc"]).assign(other=store.crops(video_ids, ["crc"])["crc"])
    changed = set(same.loc[same["crc"] != same["other"], "video_id"])
    having = set(same["video_id"])
    return [video_id for video_id in video_ids if video_id in having and video_id not in changed]


def _require_files(todo: Mapping[str, Path], distortion: Distortion) -> None:
    gone = [path for path in todo.values() if not path.is_file()]
    if gone:
        raise CorpusError(
            f"{len(gone)} of the {len(todo)} videos to distort by {distortion.slug} are gone, {shown(gone[0])} among "
            "them: distortions need the videos, not only their stored faces; bring the files back or give their "
            "folder (data.root), or leave out distort"
        )


def _require_all(rows: pd.DataFrame, store: FaceStore) -> None:
    """Stop unless every video has its distorted faces, so that all levels are measured on the same videos."""
    lost = rows[rows["status"] != Status.OK]
    if len(lost):
        raise ExtractionError(
            f"{len(lost)} of {len(rows)} videos could not be distorted, {lost.index[0]} among them: "
            f"{lost['reason'].iloc[0]}. Their clean faces are stored, so the files have changed or the machine failed: "
            f"give the same command again, or delete {store.root} and the clean store beside it"
        )
