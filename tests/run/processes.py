"""Commands that are stopped, and signals that come to this process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.conftest import REPOSITORY

SCRIPTS = sorted(path.stem for path in (REPOSITORY / "scripts").glob("*.py"))
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
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


@contextmanager
def handlers_given_back() -> Iterator[None]:
    """Leave this process's answers to signals as they were."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


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
    """Wait until a command that runs in a folder has shown words, a regular expression."""
    _wait(process, folder, lambda: re.search(words, (folder / "shown").read_text()) is not None)


def wait_for_faces(process: subprocess.Popen[str], folder: Path, num_videos: int) -> None:
    """Wait until a command has stored the faces of some videos below its folder."""
    _wait(process, folder, lambda: len(list(folder.rglob("crops/**/*.zip"))) >= num_videos)


def wait_for_results(process: subprocess.Popen[str], folder: Path, num_files: int) -> None:
    """Wait until predictions have been noted of some files, below a command's folder."""

    def noted() -> int:
        return sum(path.read_bytes().count(b"\n") - 1 for path in folder.rglob("predictions.jsonl"))

    _wait(process, folder, lambda: noted() >= num_files)


def _wait(process: subprocess.Popen[str], folder: Path, is_reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not is_reached():
        assert process.poll() is None and time.monotonic() < end, (folder / "shown").read_text()[-3000:]
        time.sleep(0.02)
