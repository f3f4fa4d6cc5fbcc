"""Ctrl-C, SIGTERM, SIGKILL and a full disk end a command with one line, nothing half-written, and a way to go on."""

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from deepfake.command.command_line import LOADING
from deepfake.command.stopping import SAME_COMMAND, START_AGAIN
from deepfake.run.predict import stopped
from tests.conftest import SMALL_DEMO, TINY, Run
from tests.loggers.offline import run_ids
from tests.run.processes import (
    SCRIPTS,
    SIGNALS,
    SLURM,
    running,
    wait_for,
    wait_for_faces,
    wait_for_results,
)


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
    shown = (tmp_path / "shown").read_text().splitlines()
    # A fast command, or a test that waited for its turn, is past the first imports, and something has been logged.
    assert [line for line in shown if line and line != LOADING and "[INFO]" not in line] == [START_AGAIN]


FOUR_EPOCHS = [*TINY, "scheduler=constant", "trainer.max_epochs=4"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uninterrupted") / "run"


@pytest.fixture
def whole(uninterrupted: Path, script: Run, tmp_path: Path) -> Path:
    """The folder of a run of `FOUR_EPOCHS` that nobody stopped, trained once and in one process."""
    if not uninterrupted.exists():
        assert script("train", *FOUR_EPOCHS, "hydra.run.dir=whole") == 0
        shutil.copytree(tmp_path / "whole", uninterrupted)
    return uninterrupted


def require_the_same(run: Path, whole: Path) -> None:
    curves = [pd.read_csv(folder / "csv" / "metrics.csv") for folder in (whole, run)]
    pd.testing.assert_frame_equal(curves[0], curves[1], check_like=True, rtol=0, atol=0)
    assert (whole / "predictions.csv").read_bytes() == (run / "predictions.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_says_with_what_it_goes_on_and_does(
    number: signal.Signals, code: int, workers: int, whole: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    options = [*FOUR_EPOCHS, f"loader.num_workers={workers}", "hydra.run.dir=run"]
    with running(tmp_path, data_dir, "train", *options) as process:
        wait_for(process, tmp_path, "epoch 2 of 4: train loss")
        os.killpg(process.pid, number)
        assert process.wait(120) == code
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    shown = (tmp_path / "shown").read_text()
    assert (
        "continue with the same options and resume=run/checkpoints/last.ckpt" in shown and "stopped in epoch " in shown
    )
    assert "Traceback" not in shown and "error" not in shown.lower()
    assert not list((tmp_path / "run" / "checkpoints").glob("*.tmp*"))
    assert script("train", *options, f"resume={last}") == 0
    require_the_same(tmp_path / "run", whole)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [*SIGNALS, (signal.SIGKILL, -signal.SIGKILL)])
@pytest.mark.parametrize("stage", ["evaluate", "predict"])
def test_a_test_or_a_prediction_leaves_nothing_that_looks_done(
    stage: str, number: signal.Signals, code: int, model: Path, demo_root: Path, data_dir: Path, tmp_path: Path
) -> None:
    of_stage = {"evaluate": [*SMALL_DEMO, "paths.faces_dir=faces"], "predict": [f"input={demo_root}"]}[stage]
    arguments = [f"checkpoint={model}", *of_stage, "extract.num_workers=1", "hydra.run.dir=out"]
    variables = SLURM if code == 143 else {}
    with running(tmp_path, data_dir, stage, *arguments, variables=variables) as process:
        {"evaluate": wait_for_faces, "predict": wait_for_results}[stage](process, tmp_path, 1)
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    shown = (tmp_path / "shown").read_text()
    message = {"evaluate": SAME_COMMAND, "predict": stopped(tmp_path / "out")}[stage]
    assert "Traceback" not in shown and (number == signal.SIGKILL or message in shown)
    goes_on = {"evaluate": set(), "predict": {"predictions.jsonl", ".faces"}}[stage]
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {".hydra", ".run.lock", f"{stage}.log", *goes_on}


@pytest.mark.slow
def test_a_prediction_that_is_killed_goes_on_and_is_the_same(
    model: Path, demo_root: Path, data_dir: Path, script: Run, tmp_path: Path
) -> None:
    options = [f"checkpoint={model}", f"input={demo_root / 'real'}", "extract.num_workers=2", "faces.num_segments=1"]
    with running(tmp_path, data_dir, "predict", *options, "output=out") as process:
        wait_for_results(process, tmp_path, 2)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    assert script("predict", *options, "output=out") == 0
    assert script("predict", *options, "output=whole") == 0
    for name in ("predictions.csv", "faces.csv", "predictions.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list((tmp_path / "out").rglob("*.zip"))


@pytest.mark.slow
@pytest.mark.parametrize("logger", ["csv", "wandb"])
def test_a_training_that_is_killed_goes_on_and_is_the_same(
    logger: str, whole: Path, data_dir: Path, script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    options = [option for option in FOUR_EPOCHS if option != "logger=csv"]
    options += [f"logger={logger}", "loader.num_workers=2", "hydra.run.dir=run"]
    with running(tmp_path, data_dir, "train", *options) as process:
        wait_for(process, tmp_path, "epoch 2 of 4: train loss")
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert script("train", *options, f"resume={last}") == 0
    require_the_same(tmp_path / "run", whole)
    parts = list((tmp_path / "run").glob("wandb/offline-run-*"))
    assert (len(parts), len(run_ids(tmp_path / "run"))) == ((2, 1) if logger == "wandb" else (0, 0))


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
        wait_for_faces(process, tmp_path, 3)
        os.killpg(process.pid, number)
        assert process.wait(60) == code
    shown = (tmp_path / "shown").read_text()
    assert SAME_COMMAND in shown and "Traceback" not in shown
    (store,) = (tmp_path / "faces" / "demo").iterdir()
    assert not list((store / "claims").glob("*.run")) and not list((store / "partial").iterdir())
    assert script("extract", *options) == 0
    assert len(pd.read_csv(store / "videos.csv")) == 33
