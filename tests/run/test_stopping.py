"""Ctrl-C and SIGTERM end a command with 130 and 143, one line, and nothing half-written."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, MappingProxyType

import pandas as pd
import pytest

from deepfake.run.predict import NOTHING_KEPT
from deepfake.run.stopping import ANEW, SAME_COMMAND, left_to, stoppable
from tests.conftest import REPOSITORY, SMALL_DEMO, TINY, Run

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
SCRIPTS = sorted(path.stem for path in (REPOSITORY / "scripts").glob("*.py"))
# As in a step of one process that srun has started.
SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_JOB_NAME": "training",
    "SLURM_STEP_ID": "0",
    "SLURM_NODELIST": "here",
    "SLURM_NTASKS": "1",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "0",
}


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("variables", [{}, SLURM], ids=["", "slurm"])
def test_the_innermost_says_how_to_go_on_and_cleaning_up_is_done(
    variables: dict[str, str],
    number: signal.Signals,
    code: int,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cleaned = []

    def work() -> None:
        with stoppable(), stoppable(lambda: "stopped in epoch 5"):
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            finally:
                cleaned.append(True)

    with handlers_given_back():
        before = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code and cleaned
        assert signal.getsignal(signal.SIGTERM) is before
    assert capfd.readouterr().err == "\nstopped in epoch 5\n"


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_workers_that_the_same_signal_ended_are_no_error(number: signal.Signals, code: int) -> None:
    """As PyTorch's handler does, which may be called in the goodbye and after it, while Python ends."""

    def complain(number: int, frame: object) -> None:
        raise RuntimeError("DataLoader worker is killed by signal: Terminated")

    def work() -> None:
        with stoppable():
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            finally:
                os.kill(os.getpid(), signal.SIGCHLD)

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, complain)
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code
        os.kill(os.getpid(), signal.SIGCHLD)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_whose_exception_was_swallowed_is_behind_what_fails_next(number: signal.Signals, code: int) -> None:
    def work() -> None:
        with stoppable():
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            except BaseException:  # as fsspec's `exists` has it
                pass
            raise RuntimeError("DataLoader worker exited unexpectedly")

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code
        with pytest.raises(ZeroDivisionError), stoppable():
            1 / 0  # noqa: B018


@contextmanager
def handlers_given_back() -> Iterator[None]:
    """Leave this process's answers to signals as they were."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_other_ends_are_left_alone() -> None:
    with pytest.raises(SystemExit) as end, stoppable():
        sys.exit("error: x")
    assert end.value.code == "error: x"
    with pytest.raises(ZeroDivisionError), stoppable():
        1 / 0  # noqa: B018


def noted_by_another(note: list[int], after: Callable[[], None]) -> None:
    """As Lightning does on Slurm: it notes the signal, calls who was there before, and ends at the end of a batch."""
    inner = signal.getsignal(signal.SIGTERM)
    assert callable(inner)

    def compose(number: int, frame: FrameType | None) -> None:
        note.append(number)
        inner(number, frame)

    signal.signal(signal.SIGTERM, compose)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        after()
    finally:
        signal.signal(signal.SIGTERM, inner)


@pytest.mark.parametrize("raised", [None, SystemExit(0), RuntimeError("DataLoader worker exited unexpectedly")])
def test_what_another_has_noted_is_ended_by_him_and_said_then(
    raised: BaseException | None, capfd: pytest.CaptureFixture[str]
) -> None:
    note: list[int] = []
    done = []

    def after() -> None:
        done.append(True)  # such as a checkpoint
        if raised:
            raise raised

    with handlers_given_back():
        with pytest.raises(SystemExit) as end, stoppable(lambda: "go on so"), left_to(lambda: bool(note)):
            noted_by_another(note, after)
        assert end.value.code == 143 and done
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert capfd.readouterr().err == "\ngo on so\n"


def test_what_nobody_has_noted_ends_at_once() -> None:
    def work() -> None:
        with stoppable(), left_to(lambda: False):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)

    with handlers_given_back():
        with pytest.raises(SystemExit) as end:
            work()
        assert end.value.code == 143
        with pytest.raises(ZeroDivisionError), stoppable(), left_to(lambda: False):
            1 / 0  # noqa: B018


@contextmanager
def running(
    folder: Path,
    data: Path,
    name: str,
    *arguments: str,
    before: Callable[[], object] = lambda: None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[subprocess.Popen[str]]:
    """A command in a group of processes of its own, as in a terminal.

    Args:
        folder: where it runs.
        data: where the demo corpus is.
        name: of the script.
        arguments: of the command.
        before: is called in its process before it begins.
        variables: of its environment, beside those of this process.
    """

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it
        before()

    words = [sys.executable, str(REPOSITORY / "scripts" / f"{name}.py"), *arguments]
    environment = {**os.environ, "DEEPFAKE_DATA": str(data), **variables}
    with (folder / "shown").open("w") as file:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(process: subprocess.Popen[str], folder: Path, words: str) -> None:
    end = time.monotonic() + 300
    while not re.search(words, (folder / "shown").read_text()):
        assert process.poll() is None and time.monotonic() < end, (folder / "shown").read_text()[-3000:]
        time.sleep(0.05)


def listens(process: subprocess.Popen[str]) -> bool:
    """Whether a process has set a handler for SIGTERM."""
    caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) & 1 << (signal.SIGTERM - 1))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells whether a process listens")
@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_command_that_is_stopped_while_it_imports_says_so(
    number: signal.Signals, code: int, name: str, tmp_path: Path
) -> None:
    with running(tmp_path, tmp_path, name) as process:
        while not listens(process):
            assert process.poll() is None, (tmp_path / "shown").read_text()
            time.sleep(0.01)
        time.sleep(0.1)  # amid what is imported first
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    assert (tmp_path / "shown").read_text().strip() == ANEW


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_says_with_what_it_goes_on_and_does(
    number: signal.Signals, code: int, workers: int, demo_root: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    options = [*TINY, f"loader.num_workers={workers}", "scheduler=constant"]
    assert script("train", *options, "trainer.max_epochs=4", "hydra.run.dir=whole") == 0
    with running(tmp_path, data_dir, "train", *options, "trainer.max_epochs=4", "hydra.run.dir=run") as process:
        wait_for(process, tmp_path, "epoch 2 of 4")
        os.killpg(process.pid, number)
        assert process.wait(120) == code
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    shown = (tmp_path / "shown").read_text()
    assert f"go on with the same options and resume={last}" in shown and "stopped in epoch " in shown
    assert "Traceback" not in shown and "error" not in shown.lower()
    assert not list((tmp_path / "run" / "checkpoints").glob("*.tmp*"))
    assert script("train", *options, "trainer.max_epochs=4", "hydra.run.dir=run", f"resume={last}") == 0
    curves = [pd.read_csv(tmp_path / name / "csv" / "metrics.csv") for name in ("whole", "run")]
    pd.testing.assert_frame_equal(curves[0], curves[1], check_like=True, rtol=0, atol=0)
    assert (tmp_path / "whole" / "predictions.csv").read_bytes() == (tmp_path / "run" / "predictions.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("stage", ["evaluate", "predict"])
def test_a_test_or_a_prediction_leaves_nothing_that_looks_done(
    stage: str, number: signal.Signals, code: int, model: Path, demo_root: Path, data_dir: Path, tmp_path: Path
) -> None:
    of_stage = {"evaluate": [*SMALL_DEMO, "paths.faces_dir=faces"], "predict": [f"input={demo_root}"]}[stage]
    arguments = [f"checkpoint={model}", *of_stage, "extract.num_workers=1", "hydra.run.dir=out"]
    with running(tmp_path, data_dir, stage, *arguments, variables=SLURM if code == 143 else {}) as process:
        wait_for(process, tmp_path, r"\| [1-9]\d?/\d+ ")
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    shown = (tmp_path / "shown").read_text()
    assert {"evaluate": SAME_COMMAND, "predict": NOTHING_KEPT}[stage] in shown and "Traceback" not in shown
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {".hydra", ".run.lock", f"{stage}.log"}


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_and_is_the_same(
    demo_root: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    options = [*TINY, "loader.num_workers=2", "trainer.max_epochs=4"]
    assert script("train", *options, "hydra.run.dir=whole") == 0
    with running(tmp_path, data_dir, "train", *options, "hydra.run.dir=run") as process:
        wait_for(process, tmp_path, "epoch 2 of 4")
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert script("train", *options, "hydra.run.dir=run", f"resume={last}") == 0
    curves = [pd.read_csv(tmp_path / name / "csv" / "metrics.csv") for name in ("whole", "run")]
    pd.testing.assert_frame_equal(curves[0], curves[1], check_like=True, rtol=0, atol=0)
    assert (tmp_path / "whole" / "predictions.csv").read_bytes() == (tmp_path / "run" / "predictions.csv").read_bytes()


@pytest.mark.slow
def test_a_training_whose_disk_takes_no_checkpoint_ends_with_one_line(
    demo_root: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    assert script("train", *TINY, "trainer.max_epochs=1", "hydra.run.dir=extracted") == 0
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (100_000, 100_000))  # bytes
    with running(tmp_path, data_dir, "train", *TINY, "hydra.run.dir=run", before=limit) as process:
        assert process.wait(240) == 1
    shown = (tmp_path / "shown").read_text()
    (line,) = [line for line in shown.splitlines() if "error" in line.lower()]
    assert line.startswith("error: ") and ".ckpt: File too large; make room there" in line
    assert "Traceback" not in shown and not list((tmp_path / "run" / "checkpoints").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_an_extraction_is_stopped_and_goes_on(
    number: signal.Signals, code: int, demo_root: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    options = [*TINY[:3], "paths.faces_dir=faces", "extract.num_workers=2"]
    with running(tmp_path, data_dir, "extract", *options, variables=SLURM if code == 143 else {}) as process:
        wait_for(process, tmp_path, r"\| (?:[3-9]|1\d)/27")
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    shown = (tmp_path / "shown").read_text()
    assert SAME_COMMAND in shown and "Traceback" not in shown
    (store,) = (tmp_path / "faces" / "demo").iterdir()
    assert not list((store / "claims").glob("*.run")) and not list((store / "partial").iterdir())
    assert script("extract", *options) == 0
    assert len(pd.read_csv(store / "videos.csv")) == 27
