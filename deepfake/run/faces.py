"""What every stage does first: list a corpus, and see that its faces are in the store."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from deepfake.corpora.corpus import Listing
from deepfake.corpora.splits import fingerprint
from deepfake.errors import ConfigError
from deepfake.faces.extract import Recipe, extract
from deepfake.report.tables import show
from deepfake.schema import Split, Video
from deepfake.store import FaceStore, recipe_name

log = logging.getLogger(__name__)
TRACKS = ("main", "all")  # the choices of `data.tracks`


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one call had to do: videos that were not in the store yet, frames that were looked at, seconds."""

    num_videos: int
    num_frames: int
    seconds: float


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
        faces: plain data, a config of the group `faces`.
        corpus_dir: `<faces_dir>/<corpus>`.
    """
    # Where the weights lie says nothing about the faces; the detector and its thresholds do.
    recipe = {**faces, "detector": {k: v for k, v in faces["detector"].items() if k not in ("weights", "batch_size")}}
    return FaceStore(corpus_dir / recipe_name(recipe), recipe).open()


def describe(corpus: str, listing: Listing, coverage: Mapping[Split, Mapping[str, int]]) -> dict[str, Any]:
    """What numbers are measured on, so that two can be told comparable or not: protocol, counts, fingerprint."""
    return {
        "corpus": corpus,
        "protocol": listing.protocol,
        "fingerprint": fingerprint(listing.videos),
        "num_missing": len(listing.missing),
        "num_dropped": listing.num_dropped,
        "coverage": {str(split): dict(counts) for split, counts in coverage.items()},
    }


def sources(videos: Iterable[Video]) -> tuple[dict[str, Path], dict[str, str]]:
    """All that extraction knows of a corpus: video_id -> file, and video_id of a fake -> that of its real."""
    videos = list(videos)
    return {v.video_id: v.path for v in videos}, {v.video_id: v.real_id for v in videos if v.real_id}


def only_main_track(data: DictConfig) -> bool:
    """Whether a model sees of each video its main face alone.

    Raises:
        ConfigError: `data.tracks` is neither of the two.
    """
    tracks = data.get("tracks")
    if tracks not in TRACKS:
        raise ConfigError(f"data.tracks is {tracks!r}: choose one of {', '.join(TRACKS)}")
    return tracks == TRACKS[0]


def extract_faces(
    paths: Mapping[str, Path],
    pairs: Mapping[str, str],
    store: FaceStore,
    faces: Mapping[str, Any],
    options: DictConfig,
) -> Extraction:
    """Complete the store, with a progress bar.

    Args:
        paths: video_id -> file.
        pairs: video_id of a fake -> that of its real.
        store: opened.
        faces: the config that the store was made from.
        options: the config group `extract`.
    """
    todo, start, frames = store.todo(paths), time.perf_counter(), 0
    if todo:
        recipe = Recipe(**{key: value for key, value in faces.items() if key != "detector"})
        device = pick_device(options.device)
        detector = instantiate(faces["detector"], device=device, _partial_=True, _convert_="all")
        on_cpu, workers = device == "cpu", min(options.num_workers or os.cpu_count() or 1, len(todo))
        how = {"num_workers": workers, "timeout_s": options.timeout_s, "detect_in_workers": on_cpu}
        rows = extract(todo, store, detector, recipe, pairs=pairs, **how)
        with tqdm(rows, total=len(todo), desc="extracting faces", unit="video") as bar:
            for row in bar:
                frames += row.num_sampled
                bar.set_postfix_str(f"{frames / (time.perf_counter() - start):.0f} frames/s")
    if todo or not store.lists(paths):
        store.build_tables(paths)
    return Extraction(len(todo), frames, time.perf_counter() - start)


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain data, resolved."""
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


def pick_device(name: str) -> str:
    """`auto` is the GPU if there is one, else the CPU.

    Raises:
        ConfigError: a CUDA device was asked for, and there is none.
    """
    if name != "auto":
        if name.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError(f"extract.device={name} and this machine has no CUDA device: use extract.device=cpu")
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def summarise(store: FaceStore, video_ids: Iterable[str], done: Extraction) -> None:
    """Show what became of the videos, and where it is written; nothing if there was nothing to do."""
    if not done.num_videos:
        return
    rows = store.rows(list(video_ids))
    counts = Counter(rows["status"])
    show(
        f"faces in {store.root}",
        ["videos", "new", *counts, "faces", "crops", "frames/s"],
        [
            [
                len(rows),
                done.num_videos,
                *counts.values(),
                int(rows["num_faces"].sum()),
                len(store.crops()),
                round(done.num_frames / done.seconds),
            ]
        ],
    )
    if reused := int((rows["boxes"] == "reused").sum()):
        log.info("%d fakes were cut by the boxes of their reals", reused)
    failed = rows[rows["status"] != "ok"]
    for video_id, row in failed.head(5).iterrows():
        log.warning("%s: %s (%s)", video_id, row["status"], row["reason"])
    if len(failed) > 5:
        log.warning("and %d more: see %s", len(failed) - 5, store.root / "videos.csv")
