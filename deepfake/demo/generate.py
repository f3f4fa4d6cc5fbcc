"""Generate a whole corpus once: clips, the table of their labels, and a marker with the design.

Layout::

    <root>/recipe.json      the design, and every file of the corpus; files not listed there were not generated
    <root>/videos.csv       one row for each video
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

from deepfake.demo.design import DemoDesign, Take, plan
from deepfake.demo.shoot import shoot
from deepfake.errors import CorpusError
from deepfake.progress import progress

MARKER = "recipe.json"  # holds the design; older corpora have this name
TABLE = "videos.csv"
COLUMNS = ("video_id", "label", "method", "split", "target_id", "source_id", "real_id")


def ensure_corpus(root: Path, design: DemoDesign, num_workers: int) -> None:
    """Generate the corpus unless `root` already holds all of it, made by this design.

    The corpus is made in a folder beside `root` that is renamed at the end, so `root` never holds half a corpus, and
    two processes that do this at the same time both find a whole one. The bytes do not depend on `num_workers`.

    Raises:
        CorpusError: `root` holds files that were not generated; nothing is deleted.
    """
    if _is_whole(root, design):
        return
    _refuse_foreign(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    with _folder_beside(root) as workshop:
        fresh = workshop / "fresh"
        fresh.mkdir()
        takes = plan(design)
        shots = _shoot_all(design, takes, fresh, num_workers)
        for _ in progress(shots, "rendering the demo corpus", "takes", total=len(takes)):
            pass
        _write_table(fresh / TABLE, takes)
        _write_marker(fresh, design)
        if _is_whole(root, design):  # another process was faster
            return
        _refuse_foreign(root)  # checked again, since generation took a minute
        if root.exists():
            root.rename(workshop / "outdated")
        fresh.rename(root)


def _shoot_all(design: DemoDesign, takes: Iterable[Take], folder: Path, num_workers: int) -> Iterator[None]:
    """Yield after each take that is done, in any order."""
    if num_workers <= 1:
        for take in takes:
            shoot(design, take, folder)
            yield
        return
    # A forked child of a process that has used torch's threads can hang, so children are spawned.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(num_workers, context)
    try:
        for done in as_completed([pool.submit(shoot, design, take, folder) for take in takes]):
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


def _write_marker(root: Path, design: DemoDesign) -> None:
    files = sorted([*_files(root), MARKER])
    (root / MARKER).write_text(json.dumps({"recipe": asdict(design), "files": files}, indent=1) + "\n")


def _read_marker(root: Path) -> tuple[dict[str, object], set[str]]:
    """Return the design that made this folder, and its files; both are empty if there is no marker."""
    try:
        marker = json.loads((root / MARKER).read_text())
        return marker["recipe"], set(marker["files"])
    except (FileNotFoundError, NotADirectoryError):
        return {}, set()
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{root / MARKER} is not the marker of a demo corpus; choose another data.root") from error


def _files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def _is_whole(root: Path, design: DemoDesign) -> bool:
    made_by, files = _read_marker(root)
    return made_by == asdict(design) and files <= _files(root)


def _refuse_foreign(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise CorpusError(f"{root} is a file; the demo corpus needs a folder: choose another data.root")
    foreign = sorted(_files(root) - _read_marker(root)[1])
    if foreign:
        raise CorpusError(
            f"{root} holds {len(foreign)} files that are not part of a demo corpus, {foreign[0]} first, and would be "
            f"lost when the corpus is generated again; move them, or choose another data.root"
        )


@contextmanager
def _folder_beside(root: Path) -> Iterator[Path]:
    """Yield a folder on the same disk as `root`, so that a rename is atomic; it is removed at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix=f".{root.name}.making-", dir=root.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
