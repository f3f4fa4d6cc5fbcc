"""Faults of the machine are not facts about a file: how each is reported, what is tried again, and when a run stops."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pebble import ProcessPool

from deepfake.errors import ExtractionError, StoreError, WeightsError
from deepfake.faces.extract import extract
from deepfake.faces.finders import Finder
from deepfake.faces.recipe import Recipe
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from tests.faces.harmed import (
    BLACK,
    Harmed,
    deny_file,
    harm,
    harm_readers,
    harmed_with_files,
    missing_weights,
    slow_in_laps,
    with_readers,
)
from tests.faces.test_extract import RECIPE
from tests.fakes import BrightSquares, frames_with, one_face, write_video


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """A black video a, and a video b with a face."""
    return {
        "a": write_video(tmp_path / "a.mp4", BLACK),
        "b": write_video(tmp_path / "b.mp4", frames_with(one_face, 16)),
    }


@pytest.fixture
def store(tmp_path: Path) -> FaceStore:
    return FaceStore(tmp_path / "faces", {"finder": {"_target_": "x.Squares"}, **RECIPE}).open()


def rows_of(paths: dict[str, Path], store: FaceStore, finder: Callable[[], Finder], **options: float) -> dict:
    options = {"num_workers": 1, "timeout_s": 5, **options}
    return {row.video_id: row for row in extract(paths, store, finder, Recipe(**RECIPE), **options)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("dies", "its process died (exit code 3) while it looked for faces"),
        ("is killed", "its process was killed (exit code -9), perhaps because memory ran out"),
        ("hangs", "not finished within 5 s while it looked for faces: raise extract.timeout_s"),
        ("exits", "SystemExit: 0"),
        ("memory", "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB"),
        ("bug", "ZeroDivisionError: a bug"),
    ],
)
def test_harm_of_a_finder_is_a_failure_that_the_next_run_repairs(
    kind: str, reason: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(Harmed, kind))
    assert (rows["a"].status, rows["a"].reason) == (Status.FAILED, reason)
    assert rows["b"].status == Status.OK
    assert list(store.todo(paths)) == ["a"]
    store.build_tables(paths)
    assert store.videos().loc["a", ["status", "reason"]].tolist() == ["failed", reason]
    assert rows_of(store.todo(paths), store, BrightSquares)["a"].status == Status.NO_FACE
    assert store.todo(paths) == {} and not store.lists(paths)
    store.build_tables(paths)
    assert store.lists(paths) and store.videos().at["a", "status"] == "no_face"


@pytest.mark.parametrize("kind", ["dies", "hangs"])
def test_another_reader_takes_over_from_one_that_is_lost(
    kind: str, paths: dict[str, Path], store: FaceStore, tmp_path: Path
) -> None:
    from deepfake.video.door import READERS

    once = tmp_path / "harmed"
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, kind, READERS[:1], once)))
    assert (rows["a"].status, rows["a"].reader) == (Status.NO_FACE, READERS[1])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("dies", "the process that decoded it died (exit code 3)"),
        pytest.param("hangs", "its decoder did not finish within 5 s", marks=pytest.mark.slow),  # once for each reader
    ],
)
def test_a_file_on_which_every_reader_is_lost_is_unreadable(
    kind: str, reason: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, kind, ["av", "decord"])))
    assert (rows["a"].status, rows["a"].reason) == (Status.UNREADABLE, reason)
    assert rows["b"].status == Status.OK and store.todo(paths) == {}


@pytest.mark.parametrize("kind", ["is killed", "memory", "bug"])
def test_other_harm_while_decoding_is_no_fact_about_the_file(
    kind: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, kind, ["av", "decord"])))
    assert (rows["a"].status, rows["b"].status) == (Status.FAILED, Status.OK)
    assert list(store.todo(paths)) == ["a"]


def lighted_at_first(tmp_path: Path) -> Path:
    """A video whose first segment has a face, and whose second one is black."""
    return write_video(tmp_path / "lighted.mp4", np.concatenate([frames_with(one_face, 8), BLACK[:8]]))


@pytest.mark.parametrize("kind", ["dies", "is killed", "hangs", "bug"])
def test_no_file_of_crops_is_left_by_a_worker_that_is_lost(
    kind: str, paths: dict[str, Path], store: FaceStore, tmp_path: Path
) -> None:
    todo = {"a": lighted_at_first(tmp_path), "b": paths["b"]}
    left = {}
    for row in extract(todo, store, partial(harmed_with_files, kind), Recipe(**RECIPE), num_workers=1, timeout_s=3):  # type: ignore[arg-type]
        left[row.status] = {path.name for path in (store.root / "partial").glob("*/*")}
    assert left.keys() == {Status.FAILED, Status.OK} and "0" not in left[Status.FAILED]  # that of the first job
    assert not [*(store.root / "partial").iterdir()]


@pytest.mark.parametrize("end", ["stopped", "not written"])
def test_no_file_of_crops_is_left_by_a_run_that_ends_early(
    end: str, paths: dict[str, Path], store: FaceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*args: object) -> VideoRow:
        seen.extend((store.root / "partial").glob("*/*"))
        if end == "not written":
            raise StoreError("the disk is full")
        return VideoRow("b", Status.OK)

    seen: list[Path] = []
    monkeypatch.setattr(store, "write", write)
    todo = dict.fromkeys("bcdefgh", paths["b"])
    rows = extract(todo, store, partial(harmed_with_files, "hangs"), Recipe(**RECIPE), num_workers=2)  # type: ignore[arg-type]
    if end == "stopped":
        next(rows)
        with pytest.raises(KeyboardInterrupt):
            rows.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    else:
        with pytest.raises(StoreError, match="the disk is full"):
            list(rows)
    assert seen and not [*(store.root / "partial").iterdir()]


@pytest.mark.parametrize(("lap", "status"), [(8, Status.OK), (1000, Status.FAILED)])
def test_the_time_limit_is_one_of_so_many_frames(
    lap: int, status: Status, store: FaceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video of 8 segments, 5.6 s: with a limit of 4 s for two segments at a time it is done. It is told of."""
    monkeypatch.setattr("deepfake.faces.extract.POLL_S", 0.05)
    told = []
    path = write_video(tmp_path / "a.mp4", frames_with(one_face, 32))
    recipe = Recipe(**{**RECIPE, "num_segments": "all"})  # type: ignore[arg-type]
    finder, watch = partial(slow_in_laps, lap), lambda *what: told.append(what)
    (row,) = extract({"a": path}, store, finder, recipe, num_workers=1, timeout_s=4, watch=watch)
    assert row.status == status and ("not finished within 4 s" in row.reason) == (status == Status.FAILED)
    shares = [share for _, share in told]
    assert {video_id for video_id, _ in told} == {"a"} and shares == sorted(shares)
    assert {1 / 8, 2 / 8} <= {*shares} <= {number / 8 for number in range(1, 8)}


@pytest.mark.parametrize("error", [5, 13, 24, 116], ids=["EIO", "EACCES", "EMFILE", "ESTALE"])
@pytest.mark.parametrize("content", ["a video", "text"])
def test_a_file_that_cannot_be_read_from_disk_has_failed(
    error: int, content: str, paths: dict[str, Path], store: FaceStore
) -> None:
    if content == "text":  # the decoder's complaint comes first
        paths["a"].write_text("no video")
    rows = rows_of(paths, store, partial(with_readers, partial(deny_file, error)))
    assert rows["a"].status == Status.FAILED and os.strerror(error) in rows["a"].reason
    assert rows["b"].status == Status.OK and list(store.todo(paths)) == ["a"]


def test_a_finder_that_fails_in_every_call_ends_the_run_and_is_not_believed(
    paths: dict[str, Path], store: FaceStore
) -> None:
    many = {f"{i:02d}": paths["b"] for i in range(12)}
    with pytest.raises(ExtractionError, match=r"5 videos in a row failed .* OutOfMemoryError: CUDA .*num_workers=1"):
        rows_of(many, store, partial(Harmed, "memory", everywhere=True), num_workers=2)
    assert list(store.todo(many)) == list(many)
    rows = rows_of(store.todo(many), store, BrightSquares)
    assert len(rows) == 12 and {row.status for row in rows.values()} == {Status.OK}


def test_videos_that_always_fail_do_not_keep_the_others_from_being_used(
    paths: dict[str, Path], store: FaceStore
) -> None:
    six = {f"{i}": paths["a"] for i in range(6)}
    for video_id in six:
        store.write(VideoRow(video_id, Status.FAILED, "as before"), pd.DataFrame(columns=CROP_COLUMNS), [])
    assert {row.status for row in rows_of(six, store, partial(Harmed, "bug")).values()} == {Status.FAILED}


def test_a_fake_whose_real_failed_is_used_and_extracted_again(paths: dict[str, Path], store: FaceStore) -> None:
    options = {"num_workers": 1, "pairs": {"b": "a"}}
    rows = list(extract(paths, store, partial(Harmed, "bug"), Recipe(**RECIPE), **options))  # type: ignore[arg-type]
    assert [(row.video_id, row.status) for row in rows] == [("a", Status.FAILED), ("b", Status.OK)]
    assert list(store.todo(paths)) == ["a", "b"]


def test_weights_that_only_a_worker_misses_end_the_run(paths: dict[str, Path], store: FaceStore) -> None:
    with pytest.raises(WeightsError, match="get it"):
        rows_of(paths, store, missing_weights)
    assert list(store.todo(paths)) == ["a", "b"]


def test_a_finder_that_cannot_be_made_is_one_clear_error(paths: dict[str, Path], store: FaceStore) -> None:
    with pytest.raises(ExtractionError, match="the finder cannot be made: OutOfMemoryError: CUDA"):
        rows_of(paths, store, partial(harm, "memory"))  # type: ignore[arg-type]


@pytest.mark.parametrize("times", [1, 2, 100])
def test_workers_that_are_lost_before_they_say_at_what_are_replaced(
    times: int, paths: dict[str, Path], store: FaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pebble has it when one is killed within milliseconds of taking a video."""
    schedule, calls = ProcessPool.schedule, []

    def broken(pool: ProcessPool, *args: object, **options: object) -> Future:
        calls.append(args)
        if (len(calls) - 1) // len(paths) >= times:  # all videos are given out, and all of them come back
            return schedule(pool, *args, **options)
        future: Future = Future()
        future.set_exception(BrokenProcessPool("All workers expired"))
        return future

    monkeypatch.setattr(ProcessPool, "schedule", broken)
    if times > 2:
        with pytest.raises(ExtractionError, match="the worker processes die before they begin"):
            rows_of(paths, store, BrightSquares)
        return
    rows = rows_of(paths, store, BrightSquares)
    assert {video_id: row.status for video_id, row in rows.items()} == {"a": Status.NO_FACE, "b": Status.OK}
