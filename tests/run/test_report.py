"""The command that gathers runs."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Run
from tests.report.test_matrix import train


def test_it_prints_and_writes_the_table(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in (0, 1):
        train(tmp_path / "runs" / f"{seed}", seed, "model=meso4")
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    printed = capfd.readouterr().out
    assert (
        "mean ± standard deviation over seeds" in printed
        and "demo: 3 real, 2 flick|er, 2 swap videos; state cccc" in printed
    )
    assert pd.read_csv(tmp_path / "out" / "matrix.csv")["seeds"].tolist() == [2]
    assert (tmp_path / "out" / "matrix.md").read_text().startswith("| seeds | demo: all fakes |")


def test_a_folder_that_is_not_there_or_taken_is_one_line(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("report", "runs=[nothing]") == 1
    assert (
        capfd.readouterr().err.strip() == "error: nothing is not a folder: give folders of runs, evaluations or sweeps"
    )
    train(tmp_path / "runs", 0)
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 0
    assert script("report", "runs=[runs]", "hydra.run.dir=out") == 1
    assert "out holds another run (matrix.csv)" in capfd.readouterr().err
