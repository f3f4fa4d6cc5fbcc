"""SIGINT and SIGTERM end a command with code 130 or 143, one line, and all cleaning up done."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import pytest
from hydra._internal import utils as hydra_internals

from deepfake.command.misspelt import mistakes_in_one_line
from deepfake.command.stopping import START_AGAIN, sigterm_left_to, stoppable
from tests.run.processes import SIGNALS, SLURM, handlers_given_back


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
    """PyTorch's handler complains like this, and may be called until Python has ended."""

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
            except BaseException:  # as in fsspec's `exists`
                pass
            raise RuntimeError("DataLoader worker exited unexpectedly")

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code
        with pytest.raises(ZeroDivisionError), stoppable():
            1 / 0  # noqa: B018


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_whose_exception_was_swallowed_is_not_forgotten_at_the_end(number: signal.Signals, code: int) -> None:
    def work() -> None:
        with stoppable(), suppress(BaseException):  # as in some modules during their import
            os.kill(os.getpid(), number)
            time.sleep(5)

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code


class StoppedInDel:
    """Is stopped where Python drops exceptions, as in the callbacks that remove the locks of modules."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_whose_exception_python_dropped_comes_again(
    number: signal.Signals, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        with stoppable():
            StoppedInDel(number)
            time.sleep(20)
            raise AssertionError("nobody stopped this")

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        hook = sys.unraisablehook
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code and sys.unraisablehook is hook
    assert capfd.readouterr().err == f"\n{START_AGAIN}\n"


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_what_hydra_fails_at_after_a_signal_is_not_shown(
    number: signal.Signals, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """OmegaConf, stopped amid its work, leaves a flag unset and fails on it while it cleans up."""

    def compose() -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            raise AttributeError("'NoneType' object has no attribute '_invalidate_flags_cache'")

    def work() -> None:
        with stoppable(), mistakes_in_one_line("train"):
            hydra_internals.run_and_report(compose)

    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(SystemExit) as stopped:
            work()
        assert stopped.value.code == code
    assert capfd.readouterr().err == f"\n{START_AGAIN}\n"


def test_other_ends_are_left_alone() -> None:
    with pytest.raises(SystemExit) as end, stoppable():
        sys.exit("error: x")
    assert end.value.code == "error: x"
    with pytest.raises(ZeroDivisionError), stoppable():
        1 / 0  # noqa: B018


def noted_by_another(note: list[int], after: Callable[[], None]) -> None:
    """Act as Lightning does on Slurm: note the signal, call the earlier handler, and end after the batch."""
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
        done.append(True)  # such as saving a checkpoint
        if raised:
            raise raised

    with handlers_given_back():
        with pytest.raises(SystemExit) as end, stoppable(lambda: "go on so"), sigterm_left_to(lambda: bool(note)):
            noted_by_another(note, after)
        assert end.value.code == 143 and done
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert capfd.readouterr().err == "\ngo on so\n"


def test_what_nobody_has_noted_ends_at_once() -> None:
    def work() -> None:
        with stoppable(), sigterm_left_to(lambda: False):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)

    with handlers_given_back():
        with pytest.raises(SystemExit) as end:
            work()
        assert end.value.code == 143
        with pytest.raises(ZeroDivisionError), stoppable(), sigterm_left_to(lambda: False):
            1 / 0  # noqa: B018
