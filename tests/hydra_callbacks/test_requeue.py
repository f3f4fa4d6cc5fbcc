"""A training that Slurm requeues continues in its folder, and no other run uses what it saved."""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.command.taken import take
from deepfake.errors import ConfigError
from deepfake.hydra_callbacks import requeue as module
from deepfake.hydra_callbacks.requeue import Requeue, note_of
from deepfake.training.trainer import build_trainer
from tests.conftest import TINY
from tests.run.processes import SLURM, running, wait_for


def test_a_note_is_of_one_command_of_one_job() -> None:
    job = {"SLURM_JOB_ID": "7"}
    assert note_of({}, ["seed=1"]) is None
    assert note_of(job, ["seed=1"]) == note_of({**job, "SLURM_RESTART_COUNT": "2"}, ["seed=1"])
    others = [({**job, "SLURM_ARRAY_TASK_ID": "1"}, ["seed=1"]), (job, ["seed=2"]), ({"SLURM_JOB_ID": "8"}, ["seed=1"])]
    assert note_of(job, ["seed=1"]) not in [note_of(*other) for other in others]


def config(folder: Path, *words: str) -> DictConfig:
    hydra = {"overrides": {"task": list(words)}, "run": {"dir": str(folder)}}
    made = OmegaConf.create({"hydra": hydra, "resume": None, "paths": {"output_dir": str(folder)}})
    OmegaConf.set_struct(made, True)
    return made


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run that is active in job 7."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    hydra = SimpleNamespace(mode=RunMode.RUN, runtime=SimpleNamespace(output_dir=str(folder)))
    monkeypatch.setattr(module, "HydraConfig", SimpleNamespace(get=lambda: hydra))
    Requeue().on_job_start(config(folder))
    return folder


def started(tmp_path: Path, *words: str) -> tuple[str, str | None]:
    """Return the folder and the checkpoint of a command that starts."""
    cfg = config(tmp_path / "new", *words)
    Requeue().on_run_start(cfg)
    return cfg.hydra.run.dir, cfg.resume


def test_a_job_that_comes_back_goes_on_from_the_last_epoch(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    new = (str(tmp_path / "new"), None)
    last, queued = begun / "checkpoints" / "last.ckpt", begun / "checkpoints" / "hpc_ckpt_1.ckpt"
    last.touch()
    assert started(tmp_path) == new  # the same command, typed again in the same job: a run of its own
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert started(tmp_path) == (str(begun), str(last))  # a node failed
    monkeypatch.delenv("SLURM_RESTART_COUNT")
    queued.touch()
    capfd.readouterr()
    assert started(tmp_path) == (str(begun), str(last))
    expected = f"Slurm restarted this job: its run in {begun} continues, resume={last}\n"
    assert capfd.readouterr().err == expected and not queued.exists()

    queued.touch()
    assert started(tmp_path, "seed=1") == new  # the job's next training
    monkeypatch.setenv("SLURM_JOB_ID", "8")
    assert started(tmp_path) == new


def test_a_run_that_has_ended_is_not_gone_on_with(begun: Path, tmp_path: Path) -> None:
    (begun / "checkpoints" / "hpc_ckpt_1.ckpt").touch()
    Requeue().on_run_end(config(begun))
    assert started(tmp_path) == (str(tmp_path / "new"), None)


def test_a_job_that_was_stopped_in_the_first_epoch_begins_again(
    begun: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (begun / "checkpoints" / "hpc_ckpt_1.ckpt").touch()
    assert started(tmp_path) == (str(tmp_path / "new"), None)
    assert capfd.readouterr().err.endswith(f"its run in {begun} had saved no epoch, so it starts again\n")
    take(begun).release()  # the same folder may be used, if the command sets it


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"folder": 1, "checkpoints": 2}'])
def test_a_damaged_note_is_none(content: str, begun: Path, tmp_path: Path) -> None:
    (begun / "checkpoints" / "hpc_ckpt_1.ckpt").touch()
    (note,) = (tmp_path / "outputs" / ".requeue").iterdir()
    assert json.loads(note.read_text())["folder"] == str(begun)
    note.write_text(content)
    assert started(tmp_path) == (str(tmp_path / "new"), None)


def test_lightning_saves_into_the_runs_own_folder(tmp_path: Path) -> None:
    options = OmegaConf.create({"_target_": "pytorch_lightning.Trainer", "accelerator": "cpu"})
    assert build_trainer(options, [], tmp_path).default_root_dir == str(tmp_path)
    options.default_root_dir = "elsewhere"
    with pytest.raises(ConfigError, match="trainer.default_root_dir is always the run's folder"):
        build_trainer(options, [], tmp_path)


@pytest.mark.slow
def test_a_job_that_slurm_stops_and_starts_again_is_one_run(demo_root: Path, data_dir: Path, tmp_path: Path) -> None:
    """Another job gives the same command in the same folder meanwhile."""
    asked, bin_dir = tmp_path / "asked", tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {asked}\n')
    (bin_dir / "scontrol").chmod(0o755)
    seven = {**SLURM, "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}"}
    command = [*TINY, "trainer.max_epochs=3"]

    def trained(variables: Mapping[str, str]) -> str:
        with running(tmp_path, data_dir, "train", *command, variables=variables) as process:
            assert process.wait(240) == 0, (tmp_path / "shown").read_text()[-3000:]
        return (tmp_path / "shown").read_text()

    with running(tmp_path, data_dir, "train", *command, variables=seven) as process:
        wait_for(process, tmp_path, "epoch 1 of 3: train loss")
        process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + 60
        while not asked.exists():
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "shown").read_text()[-3000:]
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(60) == 143
    assert asked.read_text() == "requeue 7\n"
    (folder,) = (tmp_path / "outputs" / "train" / "demo" / "meso4").iterdir()
    assert list((folder / "checkpoints").glob("hpc_ckpt_1.ckpt")) and not list(tmp_path.glob("*.ckpt"))
    shown = (tmp_path / "shown").read_text()
    assert (
        "stopped in epoch " in shown
        and f"resume={folder.relative_to(tmp_path)}/checkpoints/" in shown
        and "Traceback" not in shown
    )

    shown = trained({**seven, "SLURM_JOB_ID": "8"})
    assert "Slurm restarted" not in shown
    shown = trained({**seven, "SLURM_RESTART_COUNT": "1"})
    assert f"its run in {folder} continues, resume={folder}/checkpoints/last.ckpt" in shown
    folders = list((tmp_path / "outputs" / "train" / "demo" / "meso4").iterdir())
    assert len(folders) == 2
    curves = [pd.read_csv(each / "csv" / "metrics.csv") for each in folders]
    pd.testing.assert_frame_equal(curves[0], curves[1], check_like=True, rtol=0, atol=0)
    assert (folders[0] / "predictions.csv").read_bytes() == (folders[1] / "predictions.csv").read_bytes()
    assert not list((tmp_path / "outputs" / ".requeue").iterdir())
