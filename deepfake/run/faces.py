"""What every stage does first: list a corpus, and see that its faces are in the store."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from deepfake.cores import num_cores
from deepfake.corpora.audit import num_sharing
from deepfake.corpora.corpus import Listing
from deepfake.corpora.splits import content_digests, fingerprint
from deepfake.errors import ConfigError
from deepfake.faces.extract import extract
from deepfake.faces.recipe import Recipe
from deepfake.faces.server import worker_context
from deepfake.faces.shards import shard
from deepfake.ranges import Device
from deepfake.report.store_sheet import store_sheet
from deepfake.run.face_recipe import make_finder, stored_recipe, with_weights
from deepfake.run.summary import Extraction, require_some, summarise
from deepfake.schema import Split, Video
from deepfake.scoring import ScoringRule
from deepfake.store import FaceStore, ReadOnlyError, recipe_name
from deepfake.video.door import readers_for

log = logging.getLogger(__name__)
TABLES_EVERY = 1000  # videos, so that a run that is killed leaves few archives to read again


def list_corpus(data: DictConfig) -> Listing:
    """The corpus's videos; what there is to say of them is said once."""
    listing = instantiate(data.corpus).listing()
    for note in listing.notes:
        log.info(note)
    if listing.missing:
        log.warning(
            "%s: %d videos of its lists have no file; scripts/inventory.py names them", data.name, len(listing.missing)
        )
    return listing


def face_store(faces: Mapping[str, Any], corpus_dir: Path) -> FaceStore:
    """The store of a recipe, opened.

    Args:
        faces: settled, see `deepfake.run.face_recipe`.
        corpus_dir: `<faces_dir>/<corpus>`.
    """
    recipe = stored_recipe(faces)
    return FaceStore(corpus_dir / recipe_name(recipe), recipe).open()


def describe(
    data: DictConfig,
    listing: Listing,
    coverage: Mapping[Split, Mapping[str, int]],
    store: FaceStore,
    rule: ScoringRule,
) -> dict[str, Any]:
    """What numbers are measured on, so that two can be told comparable or not: protocol, counts, what the files hold.

    Args:
        data: the config group.
        listing: of the corpus.
        coverage: of the splits that numbers are given for.
        store: that holds all videos of these splits.
        rule: by which videos are scored.
    """
    videos = [video for video in listing.videos if video.split in coverage]
    digests = store.rows([video.video_id for video in videos])["digest"].to_dict()
    return {
        "corpus": data.name,
        "protocol": listing.protocol,
        "fingerprint": fingerprint(listing.videos),
        "content": content_digests(videos, digests),
        "num_missing": len(listing.missing),
        "num_dropped": listing.num_dropped,
        "shared_sources": {str(split): number for split, number in num_sharing(listing.videos).items()},
        "tracks": rule.tracks,
        "main_face": rule.main_face,
        "coverage": {str(split): dict(counts) for split, counts in coverage.items()},
    }


def sources(videos: Iterable[Video]) -> tuple[dict[str, Path], dict[str, str]]:
    """All that extraction knows of a corpus: video_id -> file, and video_id of a fake -> that of its real."""
    videos = list(videos)
    return {v.video_id: v.path for v in videos}, {v.video_id: v.real_id for v in videos if v.real_id}


def chosen_shard(paths: Mapping[str, Path], pairs: Mapping[str, str], options: DictConfig) -> dict[str, Path]:
    """The part of a corpus that this run is to extract: all of it, unless it is one of several.

    Raises:
        ConfigError: `extract.num_shards` and `extract.shard_index` do not fit together.
    """
    count, index = options.num_shards, options.shard_index
    if index is None and count == 1:
        return dict(paths)
    if index is None or not 0 <= index < count:
        given = "null" if index is None else index
        raise ConfigError(
            f"extract.num_shards={count} and extract.shard_index={given}: the index is to be from 0 to {count - 1}; "
            f"-m 'extract.shard_index=range({count})' runs them all"
        )
    if options.only_merge:
        raise ConfigError("extract.only_merge=true merges all shards: leave out extract.shard_index")
    return {video_id: paths[video_id] for video_id in shard(paths, pairs, count, index)}


def complete_store(
    videos: Sequence[Video], store: FaceStore, faces: Mapping[str, Any], options: DictConfig
) -> Extraction:
    """See that the faces of all these videos are in the store and in its tables; say what was done, if anything was.

    Args:
        videos: of one corpus.
        store: opened.
        faces: the settled recipe that the store was made from.
        options: the config group `extract`.

    Raises:
        ConfigError: `options` ask for a part of the videos.
        ExtractionError: every video failed.
    """
    require_whole(options)
    paths, pairs = sources(videos)
    say_old_stores(store.root.parent)
    done = extract_faces(paths, pairs, store, faces, options, tables=True)
    merge(videos, store)
    if done.num_videos:
        summarise(store, store.rows(list(paths)), done)
        require_some(store.rows(list(paths)), store)
    return done


def say_old_stores(folder: Path) -> None:
    """Name the stores of a corpus that are laid out as before 2026-11-25, a folder a video, and are not read."""
    for table in sorted(folder.glob("*/crops.parquet")):
        log.warning(
            "%s is a face store of before 2026-11-25, which is not read: faces are extracted again, and the folder can "
            "be deleted",
            table.parent,
        )


def require_whole(options: DictConfig) -> None:
    """
    Raises:
        ConfigError: `options`, the group `extract`, ask for a part of the videos.
    """
    if options.num_shards != 1 or options.shard_index is not None or options.only_merge:
        raise ConfigError("extract.num_shards, shard_index and only_merge are for scripts/extract.py; leave them out")


def extract_faces(
    paths: Mapping[str, Path],
    pairs: Mapping[str, str],
    store: FaceStore,
    faces: Mapping[str, Any],
    options: DictConfig,
    *,
    tables: bool = False,
) -> Extraction:
    """Bring what is not there into the store, with a progress bar.

    Args:
        paths: video_id -> file.
        pairs: video_id of a fake -> that of its real.
        store: opened.
        faces: the settled recipe that the store was made from.
        options: the config group `extract`.
        tables: whether the tables are brought up to date on the way, now and then; shards leave that to the last run.
    """
    readers = readers_for(options.reader)
    todo, start, frames = store.todo(paths), time.perf_counter(), 0
    if 0 < len(todo) < len(paths):
        log.info("%d of %d videos are in the store; to do: %s", len(paths) - len(todo), len(paths), some(list(todo)))
    if todo:
        recipe = Recipe(**{key: value for key, value in faces.items() if key != "finder"})
        device = pick_device(options.device)
        workers = min(options.num_workers or default_workers(device), len(todo))
        log.info("%d videos to do: starting %d workers on %s", len(todo), workers, device)
        worker_context(faces["finder"]["_target_"].rpartition(".")[0])  # now: their libraries load beside ours
        finder = make_finder(with_weights(faces)["finder"], device)
        how = {"num_workers": workers, "timeout_s": options.timeout_s, "readers": readers}
        rows = extract(todo, store, finder, recipe, pairs=pairs, **how)
        with tqdm(rows, total=len(todo), desc="extracting faces", unit="video") as bar:
            written: list[str] = []
            for row in bar:
                frames += row.num_sampled
                bar.set_postfix_str(f"{frames / (time.perf_counter() - start):.0f} frames/s")
                written.append(row.video_id)
                if tables and len(written) == TABLES_EVERY:
                    store.update_tables(written)
                    written = []
    return Extraction(len(todo), frames, time.perf_counter() - start)


def default_workers(device: str) -> int:
    """Processes that extract: one a core, and on a GPU eight at most, as each takes half a gigabyte of it."""
    return num_cores() if device == "cpu" else min(num_cores(), 8)


def merge(videos: Sequence[Video], store: FaceStore) -> None:
    """Bring the store's tables up to date with its archives, and the contact sheet, if these are all of its videos.

    Args:
        videos: those that are in the store.
        store: opened.
    """
    ids = [video.video_id for video in videos]
    sheet = store.root / "contact_sheet.jpg"
    changed = store.build_tables(ids)
    if (sheet.exists() and not changed) or len(store.videos().index.difference(ids)):
        return
    with suppress(ReadOnlyError):
        store.replace(sheet.name, store_sheet(store, videos))


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain data, resolved."""
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


def pick_device(name: Device) -> str:
    """`auto` is the GPU if there is one, else the CPU.

    Raises:
        ConfigError: a CUDA device was asked for, and there is none.
    """
    if name != "auto":
        if name.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError(f"extract.device={name} and this machine has no CUDA device: use extract.device=cpu")
        if name.startswith("cuda:") and int(name[5:]) >= (number := torch.cuda.device_count()):
            raise ConfigError(f"extract.device={name} and this machine has {number} CUDA devices: the first is cuda:0")
        if name == "mps" and not torch.backends.mps.is_available():
            raise ConfigError("extract.device=mps and this machine has none: use extract.device=cpu")
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def some(names: Sequence[str]) -> str:
    """The first few of many names, for a message."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
