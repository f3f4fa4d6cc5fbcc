"""Give datasets their caches after checking that these fit."""

import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from deepfake.data.cache import Cache, num_bytes
from deepfake.data.dataset import ClipDataset
from deepfake.data.machine import free_memory, in_words
from deepfake.data.shared import SharedBytes, in_file, in_memory, on_disk
from deepfake.errors import ConfigError

log = logging.getLogger(__name__)
CacheKind = Literal["ram", "disk"]
SPARE = 0.9  # share of free space that caches may take; the rest is left for checkpoints, workers and the network


def check_cache_options(kind: str | None, folder: str | Path | None) -> None:
    """Stop if a cache folder is given without a cache on disk.

    Raises:
        ConfigError: `folder` is set, but the cache is not on disk.
    """
    if folder is not None and kind != "disk":
        given = "null" if kind is None else kind
        raise ConfigError(f"loader.cache_dir={folder} is for loader.cache=disk, and loader.cache is {given}")


def give_caches(
    datasets: Mapping[str, ClipDataset], kind: CacheKind, folder: Path | None = None, *, processes: int = 1
) -> None:
    """Let datasets keep the clips that they cut, in bytes that all their workers share.

    Args:
        datasets: the datasets, by their names for messages.
        kind: `ram`, or a file on `disk`.
        folder: where files are kept for later runs; None uses nameless files in the temporary folder, which are gone
            when the last process that reads them ends.
        processes: training processes on this machine; each has caches of its own, except for kept files.

    Raises:
        ConfigError: the caches do not fit.
    """
    datasets = {name: dataset for name, dataset in datasets.items() if len(dataset)}
    paths = {name: _path(folder, dataset) for name, dataset in datasets.items()}
    sizes = {name: num_bytes(len(dataset), dataset.clip_shape) for name, dataset in datasets.items()}
    there = sum(path.stat().st_blocks * 512 for path in paths.values() if path is not None and path.exists())
    needed = (sum(sizes.values()) - there) if folder else sum(sizes.values()) * processes
    place = "memory" if kind == "ram" else str(folder or tempfile.gettempdir())
    free = free_memory() if kind == "ram" else shutil.disk_usage(place).free
    what = ", ".join(f"{in_words(sizes[name])} for {len(datasets[name]):,} clips of {name}" for name in datasets)
    cure = "use loader.cache=null, a smaller representation or model.size, or " + (
        "loader.cache=disk" if kind == "ram" else "loader.cache_dir=FOLDER on a larger disk"
    )
    if needed > free * SPARE:
        each = f" in each of {processes} processes" if processes > 1 and folder is None else ""
        raise ConfigError(
            f"loader.cache={kind} takes {what}{each}, and {place} has {in_words(free)} free, of which caches may take "
            f"{SPARE:.0%}: {cure}"
        )
    for name, dataset in datasets.items():
        try:
            content = _content(kind, paths[name], sizes[name])
        except OSError as error:
            raise ConfigError(
                f"loader.cache={kind}: {place} does not take {what} ({error.strerror}): {cure}"
            ) from error
        dataset.cache = Cache(content, len(dataset), dataset.clip_shape, paths[name])
    kept = sum(int((dataset.cache.marks > 0).sum()) for dataset in datasets.values() if dataset.cache)
    found = f"; {kept:,} of them are already there" if folder else ""
    log.info("loader.cache=%s keeps cuts as they are first read in %s: %s%s", kind, place, what, found)


def _path(folder: Path | None, dataset: ClipDataset) -> Path | None:
    """Return the path of the kept file for a dataset's clips; its name depends on everything that decides pixels."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"loader.cache_dir={folder} cannot be made ({error.strerror}): give another folder"
        ) from error
    return folder / f"{dataset.digest()}.clips"


def _content(kind: CacheKind, path: Path | None, size: int) -> SharedBytes:
    if kind == "ram":
        return in_memory(size)
    return on_disk(size) if path is None else in_file(path, size)
