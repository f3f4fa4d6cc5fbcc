"""Makes a whole corpus, once: clips, the table of who is who, and the marker that says by which recipe.

Layout::

    <root>/recipe.json      the recipe, and every file of the corpus: what is not listed there was not made by us
    <root>/videos.csv       one row a video
    <root>/<video_id>.mp4
"""

import csv
import json
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from deepfake.demo.recipe import Recipe, Take, plan
from deepfake.demo.shoot import shoot
from deepfake.errors import CorpusError
from deepfake.progress import progress

MARKER = "recipe.json"
TABLE = "videos.csv"
COLUMNS = ("video_id", "label", "method", "split", "target_id", "source_id", "real_id")


def ensure_corpus(root: Path, recipe: Recipe, num_workers: int) -> None:
    """Generates the corpus unless `root` already holds it, whole and by this recipe.

    It is made in a folder beside `root` and renamed last, so `root` never holds half a corpus, and two processes that
    do this at once both find a whole one. The bytes do not depend on `num_workers`.

    Raises:
        CorpusError: `root` holds files that were not made here; nothing is deleted.
    """
    if _is_whole(root, recipe):
        return
    _refuse_foreign(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    with _folder_beside(root) as workshop:
        fresh = workshop / "fresh"
        fresh.mkdir()
        takes = plan(recipe)
        shots = _shoot_all(recipe, takes, fresh, num_workers)
        for _ in progress(shots, "drawing the demo corpus", "takes", total=len(takes)):
            pass
        _write_table(fresh / TABLE, takes)
        _write_marker(fresh, recipe)
        if _is_whole(root, recipe):  # another process was faster
            return
        _refuse_foreign(root)  # once more: it took a minute
        if root.exists():
            root.rename(workshop / "outdated")
        fresh.rename(root)


def _shoot_all(recipe: Recipe, takes: Iterable[Take], folder: Path, num_workers: int) -> Iterator[None]:
    """Yields after every take that is done, in any order."""
    if num_workers <= 1:
        for take in takes:
            shoot(recipe, take, folder)
            yield
        return
    # A forked child of a process that has used torch's threads can hang, so children start from scratch.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(num_workers, context)
    try:
        for done in as_completed([pool.submit(shoot, recipe, take, folder) for take in takes]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _write_table(path: Path, takes: Iterable[Take]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for video in sorted((v for take in takes for v in take.videos), key=lambda video: video.video_id):
            writer.writerow(
                (
                    *(video.video_id, int(video.label), video.method, video.split),
                    *(video.target_id, video.source_id, video.real_id),
                )
            )


def _write_marker(root: Path, recipe: Recipe) -> None:
    files = sorted([*_files(root), MARKER])
    (root / MARKER).write_text(json.dumps({"recipe": asdict(recipe), "files": files}, indent=1) + "\n")


def _read_marker(root: Path) -> tuple[dict[str, object], set[str]]:
    """The recipe that made this folder, and its files; both empty where there is no marker."""
    try:
        marker = json.loads((root / MARKER).read_text())
        return marker["recipe"], set(marker["files"])
    except (FileNotFoundError, NotADirectoryError):
        return {}, set()
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{root / MARKER} is not a marker of ours; choose another data.root") from error


def _files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def _is_whole(root: Path, recipe: Recipe) -> bool:
    made_by, files = _read_marker(root)
    return made_by == asdict(recipe) and files <= _files(root)


def _refuse_foreign(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise CorpusError(f"{root} is a file; the demo corpus needs a folder: choose another data.root")
    foreign = sorted(_files(root) - _read_marker(root)[1])
    if foreign:
        raise CorpusError(
            f"{root} holds {len(foreign)} files that are no part of a demo corpus, {foreign[0]} first, and would be "
            f"lost when the corpus is made anew; move them, or choose another data.root"
        )


@contextmanager
def _folder_beside(root: Path) -> Iterator[Path]:
    """A folder on the same disk as `root`, so that a rename is atomic; gone afterwards with all that is left in it."""
    folder = Path(tempfile.mkdtemp(prefix=f".{root.name}.making-", dir=root.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
