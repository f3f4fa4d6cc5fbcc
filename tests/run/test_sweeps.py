"""Sweeps: jobs that fail, that are stopped, and the same sweep again."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import TINY, Run

JOBS = [*TINY, "trainer.max_epochs=1", "model.size=64", "seed=0,1"]


def modified(folder: Path) -> dict[str, int]:
    return {path.parent.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/checkpoints/last.ckpt")}


def test_the_same_sweep_again_skips_what_is_done(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", "-m", *JOBS, "hydra.sweep.dir=sweep") == 0
    first = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    stopped = tmp_path / "sweep" / "1"
    (stopped / "metrics.json").unlink()  # as if it had been killed before the test
    before = modified(tmp_path / "sweep")
    capfd.readouterr()

    assert script("train", "-m", *JOBS, "sweep.resume=sweep") == 0
    shown = "".join(capfd.readouterr())
    assert shown.count("this job is done, and is skipped: sweep/0") == 1
    assert shown.count("this job was stopped; it goes on from sweep/1/checkpoints/last.ckpt") == 1
    assert modified(tmp_path / "sweep")["0"] == before["0"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "sweep" / "sweep.csv"), first)
    assert not [path for path in tmp_path.iterdir() if path.name == "outputs"]  # nothing lies elsewhere

    content = json.loads((stopped / "metrics.json").read_text())
    assert content["overrides"][-1] == "seed=1" and "trainer.max_epochs=1" in content["overrides"]
    assert content["made_with"]["packages"]["torch"] and content["made_with"]["wall_time_s"] > 0


def test_another_sweep_does_not_take_its_place(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "-m", *JOBS, "seed=0", "hydra.sweep.dir=sweep") == 0
    assert script("train", "-m", *JOBS, "seed=3", "sweep.resume=sweep") == 1
    assert "sweep.resume: job 0 was run with" in "".join(capfd.readouterr())
    table = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    assert "seed=0" in table["overrides"][0] and table["state"][0].startswith(
        "done; a later one failed: sweep.resume: "
    )


def test_a_sweep_to_resume_has_to_be_one(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "-m", *JOBS, "sweep.resume=nowhere") == 1
    assert "sweep.resume=nowhere is no folder of a sweep" in "".join(capfd.readouterr())
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "multirun.yaml").touch()
    assert script("train", "-m", *JOBS, "sweep.resume=one", "hydra.sweep.dir=other") == 1
    assert "sweep.resume=one goes on in its own folder: leave hydra.sweep.dir out" in "".join(capfd.readouterr())
    assert script("train", *TINY, "sweep.resume=nowhere") == 1
    assert "sweep.resume is for sweeps: add -m" in "".join(capfd.readouterr())
