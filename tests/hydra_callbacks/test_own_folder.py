"""A folder belongs to one run."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepfake.command.taken import LOCK, RESULTS, take
from deepfake.errors import ConfigError
from tests.conftest import REPOSITORY, Run

NOTHING = ["data=folder", "data.root=/nowhere"]


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(REPOSITORY / "scripts" / f"{name}.py"), *arguments]


def test_commands_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    arguments = command("inventory", *NOTHING)
    runs = [subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(3)]
    assert all(b"error: /nowhere does not exist" in run.communicate()[1] for run in runs)
    folders = list((tmp_path / "outputs" / "inventory" / "folder").iterdir())
    assert len(folders) == 3 and all((folder / ".hydra" / "config.yaml").exists() for folder in folders)


def test_the_jobs_of_a_sweep_lie_in_one_folder_that_another_sweep_has_not(script: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert script("train", "-m", *NOTHING, "seed=0,1", "logger=csv") == 1
    sweeps = list((tmp_path / "outputs" / "sweep").iterdir())
    assert len(sweeps) == 2
    for sweep in sweeps:
        assert (sweep / "multirun.yaml").exists() and (sweep / LOCK).exists() and (sweep / "0" / ".hydra").exists()


@pytest.mark.parametrize("name", RESULTS)
def test_a_folder_that_holds_another_run_is_refused(
    name: str, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / name).touch()
    assert script("inventory", *NOTHING, "hydra.run.dir=taken") == 1
    error = capfd.readouterr().err.strip()
    assert error == (
        f"error: hydra.run.dir=taken holds another run ({name}): choose another folder, leave the option out, or "
        "delete that run"
    )
    assert not (tmp_path / "taken" / ".hydra").exists()


def test_a_sweeps_folder_is_refused_alike(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "multirun.yaml").touch()
    assert script("train", "-m", *NOTHING, "seed=0,1", "hydra.sweep.dir=taken") == 1
    assert "error: hydra.sweep.dir=taken holds another run (multirun.yaml)" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("stage", "options"),
    [
        ("inventory", [*NOTHING, "paths.output_dir=taken"]),
        ("train", [*NOTHING, "paths.output_dir=taken", "logger=csv"]),
        ("evaluate", [*NOTHING, "checkpoint=none.ckpt", "paths.output_dir=taken"]),
        ("predict", ["checkpoint=none.ckpt", "input=.", "output=taken"]),
    ],
)
def test_every_folder_that_can_be_given_belongs_to_one_run(
    stage: str, options: list[str], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "predictions.csv").write_text("of another")
    assert script(stage, *options) == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith(f"error: {options[-1] if stage != 'train' else options[-2]} holds another run (predictions")
    assert (tmp_path / "taken" / "predictions.csv").read_text() == "of another"


def test_two_jobs_of_a_sweep_do_not_share_a_folder(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sweep" / "same").mkdir(parents=True)
    (tmp_path / "sweep" / "same" / "predictions.csv").touch()  # left by the previous job
    sweep = ["-m", "seed=0,1", "hydra.sweep.dir=sweep", "hydra.sweep.subdir=same"]
    assert script("train", *sweep, *NOTHING, "logger=csv") == 1
    assert re.search(r"error: hydra.sweep.subdir=\S*same holds another run \(predictions.csv\)", capfd.readouterr().err)


def test_a_command_that_failed_before_it_began_may_be_given_again(script: Run) -> None:
    for _ in range(2):
        assert script("inventory", *NOTHING, "hydra.run.dir=again") == 1


def test_a_run_may_go_on_in_its_own_folder_and_in_no_other(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints" / "last.ckpt").touch()
    resume = str(tmp_path / "mine" / "checkpoints" / "last.ckpt")
    take(tmp_path / "mine", resume=resume).release()
    with pytest.raises(ConfigError, match=r"other holds another run \(checkpoints\)"):
        take(tmp_path / "other", resume=resume)


def test_a_folder_in_which_a_run_is_at_work_is_refused_until_that_dies(tmp_path: Path) -> None:
    code = (
        f"import time; from deepfake.command.taken import *; x = take(Path({str(tmp_path)!r})); print(1, flush=True); "
    )
    with subprocess.Popen([sys.executable, "-c", code + "time.sleep(60)"], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"1\n"
        with pytest.raises(ConfigError, match="is in use by another run"):
            take(tmp_path)
        os.kill(other.pid, signal.SIGKILL)
    take(tmp_path).release()


def test_a_folder_that_cannot_be_made_is_one_line(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("inventory", *NOTHING, "hydra.run.dir=/dev/null/x") == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith("error: hydra.run.dir=/dev/null/x: ") and "\n" not in error
