"""Finds and stores the missing faces of a corpus, and updates the store's tables and its contact sheet."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deepfake.cores import num_cores
from deepfake.device import pick_device
from deepfake.extraction.options import ExtractOptions
from deepfake.extraction.shards import require_whole
from deepfake.extraction.summary import Extraction, require_not_all_failed, summarise
from deepfake.faces.extract import Watch, extract
from deepfake.faces.recipe import Recipe
from deepfake.faces.server import worker_context
from deepfake.faces.settled_recipe import make_finder, stored_recipe, with_weights
from deepfake.names import first_few
from deepfake.progress import Progress
from deepfake.report.store_sheet import store_sheet
from deepfake.schema import Video, VideoRow
from deepfake.store import FaceStore, ReadOnlyError, recipe_name
from deepfake.video.door import readers_for

log = logging.getLogger(__name__)
TABLES_EVERY = 1000  # videos between two updates, so a killed run leaves few archives to read again


def face_store(faces: Mapping[str, Any], corpus_dir: Path) -> FaceStore:
    """Open the store of a recipe.

    Args:
        faces: the settled recipe; see `deepfake.faces.settled_recipe`.
        corpus_dir: the corpus's folder, `<faces_dir>/<corpus>`.
    """
    recipe = stored_recipe(faces)
    return FaceStore(corpus_dir / recipe_name(recipe), recipe).open()


def paths_and_pairs(videos: Iterable[Video]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return what extraction needs to know of videos: video_id -> file, and video_id of a fake -> that of its real."""
    videos = list(videos)
    return {v.video_id: v.path for v in videos}, {v.video_id: v.real_id for v in videos if v.real_id}


def complete_store(
    videos: Sequence[Video], store: FaceStore, faces: Mapping[str, Any], options: ExtractOptions
) -> Extraction:
    """Extract the faces of videos that are not in a store, update its tables, and show what was done.

    Args:
        videos: videos of one corpus.
        store: the open store.
        faces: the settled recipe that the store was made from.
        options: how to extract.

    Raises:
        ConfigError: `options` choose only a part of the videos.
        ExtractionError: every video failed.
    """
    require_whole(options)
    paths, pairs = paths_and_pairs(videos)
    warn_of_old_stores(store.root.parent)
    done = extract_faces(paths, pairs, store, faces, options, tables=True)
    merge(videos, store)
    if done.num_videos:
        summarise(store, store.rows(list(paths)), done)
        require_not_all_failed(store.rows(list(paths)), store)
    return done


def warn_of_old_stores(folder: Path) -> None:
    """Warn of a corpus's stores from before 2026-11-25, with one folder per video, which are not read."""
    for table in sorted(folder.glob("*/crops.parquet")):
        log.warning(
            "%s is a face store from before 2026-11-25, which is not read: faces are extracted again; you can delete "
            "the folder",
            table.parent,
        )


def extract_faces(
    paths: Mapping[str, Path],
    pairs: Mapping[str, str],
    store: FaceStore,
    faces: Mapping[str, Any],
    options: ExtractOptions,
    *,
    tables: bool = False,
) -> Extraction:
    """Extract the videos that are not in the store, and show the progress.

    Args:
        paths: video_id -> file.
        pairs: video_id of a fake -> that of its real.
        store: the open store.
        faces: the settled recipe that the store was made from.
        options: how to extract.
        tables: whether to update the store's tables now and then; shards leave that to the last run.
    """
    readers_for(options.reader)  # a reader that is not here is refused even where there is nothing to read
    todo, start, frames = store.todo(paths), time.perf_counter(), 0
    if 0 < len(todo) < len(paths):
        log.info(
            "%d of %d videos are in the store; it lacks %s", len(paths) - len(todo), len(paths), first_few(list(todo))
        )
    if todo:
        rows = extracted_rows(todo, pairs, store, faces, options)
        with Progress("extracting faces", "videos", len(todo)) as shown:
            written: list[str] = []
            for row in rows:
                frames += row.num_sampled
                shown.update(note=f"{frames / (time.perf_counter() - start):.0f} frames/s")
                written.append(row.video_id)
                if tables and len(written) == TABLES_EVERY:
                    store.update_tables(written)
                    written = []
    return Extraction(len(todo), frames, time.perf_counter() - start)


def extracted_rows(
    todo: Mapping[str, Path],
    pairs: Mapping[str, str],
    store: FaceStore,
    faces: Mapping[str, Any],
    options: ExtractOptions,
    watch: Watch | None = None,
) -> Iterator[VideoRow]:
    """Start to extract videos, and return the row of each as soon as it is on disk.

    Args:
        todo: video_id -> file, at least one.
        pairs: video_id of a fake -> that of its real.
        store: the open store.
        faces: the settled recipe that the store was made from.
        options: how to extract.
        watch: is told of progress inside of videos.
    """
    readers = readers_for(options.reader)
    recipe = Recipe(**{key: value for key, value in faces.items() if key != "finder"})
    device = pick_device(options.device)
    workers = min(options.num_workers or default_workers(device), len(todo))
    log.info("extracting %d videos: starting %d workers on %s", len(todo), workers, device)
    worker_context(faces["finder"]["_target_"].rpartition(".")[0])  # their libraries load meanwhile
    finder = make_finder(with_weights(faces)["finder"], device)
    return extract(
        todo,
        store,
        finder,
        recipe,
        pairs=pairs,
        num_workers=workers,
        timeout_s=options.timeout_s,
        readers=readers,
        watch=watch,
    )


def default_workers(device: str) -> int:
    """Return the number of workers: one per core, but at most eight on a GPU, where each takes half a gigabyte."""
    return num_cores() if device == "cpu" else min(num_cores(), 8)


def merge(videos: Sequence[Video], store: FaceStore) -> None:
    """Update a store's tables from its archives, and its contact sheet if it holds no other videos.

    Args:
        videos: videos that are in the store.
        store: the open store.
    """
    ids = [video.video_id for video in videos]
    sheet = store.root / "contact_sheet.jpg"
    changed = store.build_tables(ids)
    if (sheet.exists() and not changed) or len(store.videos().index.difference(ids)):
        return
    with suppress(ReadOnlyError):
        store.replace(sheet.name, store_sheet(store, videos))
