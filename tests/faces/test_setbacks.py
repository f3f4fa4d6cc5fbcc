"""Faults of the machine are not facts about a file: what each is called, what is tried again, and when a run stops."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, TimeoutError
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
import torch
from pebble import ProcessExpired

from deepfake.errors import ExtractionError, WeightsError
from deepfake.faces.extract import extract
from deepfake.faces.finders.finder import Finder
from deepfake.faces.phase import Phase, write
from deepfake.faces.recipe import Recipe
from deepfake.faces.setbacks import DecoderLost, Setbacks, outcome
from deepfake.faces.video_faces import Found
from deepfake.faces.workers import Fault, Job, Work
from deepfake.schema import Status, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.video import decoder
from deepfake.video.decoder import Decoder
from deepfake.video.picture import Picture
from deepfake.video.reader import VideoReader
from tests.faces.test_extract import RECIPE
from tests.fakes import BrightSquares, frames_with, one_face, write_video

BLACK = np.random.default_rng(0).integers(0, 20, (16, 120, 160, 3)).astype(np.uint8)  # all but; a still picture is lost


def harm(how: str) -> None:
    """What a finder or a reader comes to."""
    match how:
        case "dies":
            os._exit(3)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            time.sleep(600)
        case "exits":
            raise SystemExit(0)
        case "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        case "bug":
            raise ZeroDivisionError("a bug")


class Harmed(BrightSquares):
    """Comes to harm on frames that are all but black, or on all."""

    def __init__(self, how: str, everywhere: bool = False) -> None:
        self.how = how
        self.everywhere = everywhere

    def find(self, frames: np.ndarray) -> list:
        if self.everywhere or frames.mean() < 30:
            harm(self.how)
        return super().find(frames)


def with_readers(change: Callable[[], None]) -> Finder:
    """Change the readers of the process that works, and only of that."""
    if parent_process() is not None:
        change()
    return BrightSquares()


def harm_readers(how: str, names: Iterable[str], once: Path | None = None) -> None:
    """Readers of these names come to harm on a file called a.mp4: always, or until a file is there that notes it."""
    read = VideoReader.read

    def harmed(self: VideoReader, indices: range) -> np.ndarray:
        if self.path.name == "a.mp4" and self.name in names and not (once and once.exists()):
            if once:
                once.touch()
            harm(how)
        return read(self, indices)

    VideoReader.read = harmed  # type: ignore[method-assign]


def deny_file(error: int) -> None:
    """The machine does not hand over a file called a.mp4."""
    opened = Path.open

    def denied(self: Path, *args: object, **options: object) -> object:
        if self.name == "a.mp4":
            raise OSError(error, os.strerror(error), str(self))
        return opened(self, *args, **options)  # type: ignore[call-overload]

    Path.open = denied  # type: ignore[method-assign]


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """One black video, a, and one with a face, b."""
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
    ("how", "reason"),
    [
        ("dies", "its process died (exit code 3) while it looked for faces"),
        ("is killed", "its process was killed (exit code -9), as when memory runs out"),
        ("hangs", "not done within 5 s while it looked for faces: extract.timeout_s gives it longer"),
        ("exits", "SystemExit: 0"),
        ("memory", "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB"),
        ("bug", "ZeroDivisionError: a bug"),
    ],
)
def test_harm_of_a_finder_is_a_failure_that_the_next_run_mends(
    how: str, reason: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(Harmed, how))
    assert (rows["a"].status, rows["a"].reason) == (Status.FAILED, reason)
    assert rows["b"].status == Status.OK
    assert list(store.todo(paths)) == ["a"]
    store.build_tables(paths)
    assert store.videos().loc["a", ["status", "reason"]].tolist() == ["failed", reason]
    assert rows_of(store.todo(paths), store, BrightSquares)["a"].status == Status.NO_FACE
    assert store.todo(paths) == {} and not store.lists(paths)
    store.build_tables(paths)
    assert store.lists(paths) and store.videos().at["a", "status"] == "no_face"


@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_another_reader_takes_over_from_one_that_is_lost(
    how: str, paths: dict[str, Path], store: FaceStore, tmp_path: Path
) -> None:
    from deepfake.video.door import READERS

    once = tmp_path / "harmed"
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, how, READERS[:1], once)))
    assert (rows["a"].status, rows["a"].reader) == (Status.NO_FACE, READERS[1])


@pytest.mark.parametrize(
    ("how", "reason"),
    [("dies", "the process that decoded it died (exit code 3)"), ("hangs", "its decoder does not end within 5 s")],
)
def test_a_file_on_which_every_reader_is_lost_is_unreadable(
    how: str, reason: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, how, ["av", "decord"])))
    assert (rows["a"].status, rows["a"].reason) == (Status.UNREADABLE, reason)
    assert rows["b"].status == Status.OK and store.todo(paths) == {}


@pytest.mark.parametrize("how", ["is killed", "memory", "bug"])
def test_other_harm_while_decoding_is_no_fact_about_the_file(
    how: str, paths: dict[str, Path], store: FaceStore
) -> None:
    rows = rows_of(paths, store, partial(with_readers, partial(harm_readers, how, ["av", "decord"])))
    assert (rows["a"].status, rows["b"].status) == (Status.FAILED, Status.OK)
    assert list(store.todo(paths)) == ["a"]


@pytest.mark.parametrize("error", [5, 13, 24, 116], ids=["EIO", "EACCES", "EMFILE", "ESTALE"])
@pytest.mark.parametrize("content", ["a video", "text"])
def test_a_file_that_the_machine_does_not_hand_over_has_failed(
    error: int, content: str, paths: dict[str, Path], store: FaceStore
) -> None:
    if content == "text":  # the decoder's complaint comes first
        paths["a"].write_text("no video")
    rows = rows_of(paths, store, partial(with_readers, partial(deny_file, error)))
    assert rows["a"].status == Status.FAILED and os.strerror(error) in rows["a"].reason
    assert rows["b"].status == Status.OK and list(store.todo(paths)) == ["a"]


class Starved:
    """Something of PyAV's, one of whose methods finds no memory."""

    def __init__(self, of: Any, method: str, arguments: tuple[Any, ...] | None = None) -> None:
        self.__dict__.update(of=of, method=method, arguments=arguments)

    def __getattr__(self, name: str) -> Any:
        def starved(*arguments: Any, **options: Any) -> Any:
            if self.arguments in (None, arguments):
                no_memory()
            return getattr(self.of, name)(*arguments, **options)

        return starved if name == self.method else getattr(self.of, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.of, name, value)

    def __bytes__(self) -> bytes:
        return bytes(self.of)


def no_memory(*_: Any) -> None:
    raise av.error.MemoryError(12, "Cannot allocate memory")


def starve(where: str, patch: pytest.MonkeyPatch) -> None:
    """One call of FFmpeg finds no memory."""
    opened, packets = Decoder._open, decoder.packets_of

    def starved(self: Decoder) -> None:
        opened(self)
        if where == "seeks":
            self.container = Starved(self.container, "seek")  # type: ignore[assignment]
        else:
            self._context = Starved(self._context, "decode", (None,))  # type: ignore[assignment]

    match where:
        case "decodes":
            patch.setattr(decoder, "packets_of", lambda *of: (Starved(packet, "decode") for packet in packets(*of)))
        case "deinterlaces":
            patch.setattr("deepfake.video.av_reader.deinterlaced", no_memory)
        case "makes pictures":
            patch.setattr(Picture, "pixels", no_memory)
        case _:
            patch.setattr(Decoder, "_open", starved)


@pytest.mark.parametrize("where", ["decodes", "ends", "seeks", "deinterlaces", "makes pictures"])
def test_a_decoder_without_memory_has_failed(
    where: str, store: FaceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"x264-params": "bff=1"} if where == "deinterlaces" else {}
    path = write_video(tmp_path / "a.mp4", frames_with(one_face, 16), options=options)
    monkeypatch.setattr(Work, "_finder", BrightSquares())
    work, job = Work(BrightSquares, Recipe(**RECIPE), store, ["av"]), Job("a", path, None, 0)
    assert isinstance(work(job), Found)
    starve(where, monkeypatch)
    failed = work(job)
    assert isinstance(failed, Fault) and "Cannot allocate memory" in failed.reason


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


def missing_weights() -> Finder:
    if parent_process() is None:
        return BrightSquares()
    raise WeightsError("weights.pth does not exist: get it")


def test_weights_that_only_a_worker_misses_end_the_run(paths: dict[str, Path], store: FaceStore) -> None:
    with pytest.raises(WeightsError, match="get it"):
        rows_of(paths, store, missing_weights)
    assert list(store.todo(paths)) == ["a", "b"]


def test_a_finder_that_cannot_be_made_is_one_clear_error(paths: dict[str, Path], store: FaceStore) -> None:
    with pytest.raises(ExtractionError, match="the finder cannot be made: OutOfMemoryError: CUDA"):
        rows_of(paths, store, partial(harm, "memory"))  # type: ignore[arg-type]


def noted(*statuses: tuple[Status, str]) -> int:
    """How many of these rows are taken before the run stops."""
    setbacks = Setbacks()
    for i, (status, reason) in enumerate(statuses):
        try:
            setbacks.note(VideoRow(f"{i}", status, reason), known=False)
        except ExtractionError:
            return i + 1
    return len(statuses)


BUG, FULL, FINE = (Status.FAILED, "ValueError: bug"), (Status.FAILED, "RuntimeError: full"), (Status.OK, "")
DAMAGED = (Status.UNREADABLE, "cut off")


def test_five_failures_in_a_row_with_one_cause_stop_a_run() -> None:
    assert noted(*[BUG] * 9) == 5
    assert noted(*[BUG] * 4, FINE, *[BUG] * 4) == 9
    assert noted(*[BUG] * 4, FULL, *[BUG] * 4) == 9
    assert noted(*[BUG] * 4, DAMAGED, *[BUG] * 4) == 6  # a damaged file does not show that the finder works
    assert noted(*[(Status.FAILED, f"OSError: [Errno 5] Input/output error: '/{i}'") for i in range(9)]) == 5


def ended(error: BaseException, which: Phase, seconds: float) -> Fault | DecoderLost:
    """What is made of a job that ends with an error, so many seconds after it entered a phase; limit 10 s."""
    board, future = [0.0, 0.0], Future[None]()
    future.set_exception(error)
    write(board, 0, which)
    board[1] -= seconds
    return outcome(future, board, 0, timeout_s=10)  # type: ignore[return-value]


def test_only_one_long_call_of_a_decoder_is_a_hang() -> None:
    assert isinstance(ended(TimeoutError(), Phase.DECODE, 9), DecoderLost)
    assert isinstance(ended(TimeoutError(), Phase.DECODE, 1), Fault)  # many calls that end: a slow machine
    assert isinstance(ended(TimeoutError(), Phase.FIND, 9), Fault)
    assert isinstance(ended(TimeoutError(), Phase.OTHER, 9), Fault)


def test_only_a_crash_while_decoding_is_the_decoders() -> None:
    def died(code: int, which: Phase) -> Fault | DecoderLost:
        return ended(ProcessExpired("", code=code), which, 1)

    assert isinstance(died(-11, Phase.DECODE), DecoderLost)
    assert isinstance(died(-9, Phase.DECODE), Fault)
    assert isinstance(died(15, Phase.DECODE), Fault)
    assert isinstance(died(-11, Phase.FIND), Fault)
    assert isinstance(died(-11, Phase.OTHER), Fault)
