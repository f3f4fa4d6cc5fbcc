"""The command that gathers runs."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Run
from tests.report.matrix.runs import train


def test_it_prints_and_writes_the_table(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in (0, 1):
        train(tmp_path / "runs" / f"{seed}", seed, "model=meso4", seed=seed)
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    printed = capfd.readouterr().out
    assert "± standard deviation over seeds" in printed and "videos of demo: 6 real, 6 fake" in printed
    assert pd.read_csv(tmp_path / "out" / "matrix.csv")["num_runs"].tolist() == [2, 2, 2]
    assert (tmp_path / "out" / "matrix.md").read_text().startswith("| model | trained on | runs | demo")
    assert "\\toprule" in (tmp_path / "out" / "matrix.tex").read_text()
    page = (tmp_path / "out" / "matrix.html").read_text()
    assert "python scripts/report.py" in page and "<title>What was trained, and how it does" in page


def test_a_sweep_without_a_test_has_a_leaderboard_alone(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for job, auc in enumerate((0.6, 0.9)):
        train(tmp_path / "runs" / f"{job}", job, f"optimizer.lr=0.{job}", metrics={"val/video/auc": auc})
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    assert "2 trainings on demo, best val AUC first" in capfd.readouterr().out
    assert pd.read_csv(tmp_path / "out" / "leaderboard.csv")["optimizer.lr"].tolist() == [0.1, 0.0]
    assert "| 1 | runs/1 | 0.1 | 0.900 |" in (tmp_path / "out" / "leaderboard.md").read_text()
    assert "1 & runs/1 & 0.1 & 0.900 \\\\" in (tmp_path / "out" / "leaderboard.tex").read_text()
    assert "2 jobs are too few to tell" in (tmp_path / "out" / "matrix.html").read_text()
    assert not (tmp_path / "out" / "matrix.csv").exists()


def test_leaderboards_of_several_val_splits_are_numbered_alike(script: Run, tmp_path: Path) -> None:
    for place, state in enumerate("aabb"):
        content = {"content": {"val": state * 16}}
        train(tmp_path / "runs" / f"{place}", place, f"x={place}", data=content, metrics={"val/video/auc": 0.5})
    (tmp_path / "runs" / "failed" / ".hydra").mkdir(parents=True)
    (tmp_path / "runs" / "failed" / "train.log").touch()
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    for place, (state, others) in enumerate({"a": (0, 1), "b": (2, 3)}.items()):
        texts = [(tmp_path / "out" / f"leaderboard_{place}.{end}").read_text() for end in ("csv", "md", "tex")]
        assert all(f"runs/{other}" in text for other in others for text in texts)
        assert all(f"demo {state * 6}" in text and "ithout a result" in text for text in texts[1:])


def test_a_folder_that_is_not_there_empty_or_taken_is_one_line(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("report", "runs=[nothing]") == 1
    assert (
        capfd.readouterr().err.strip() == "error: nothing is not a folder: give folders of runs, evaluations or sweeps"
    )
    (tmp_path / "empty").mkdir()
    assert script("report", "runs=[empty]") == 1
    assert capfd.readouterr().err.strip() == "error: no result of a test, and no two trainings, in empty"
    train(tmp_path / "runs", 0)
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 1
    assert "out holds another run (matrix." in capfd.readouterr().err
