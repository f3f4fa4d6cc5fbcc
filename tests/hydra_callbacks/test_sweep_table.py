"""The table at the end of a sweep, on a screen of 80 columns."""

import shlex
import subprocess
import sys

import pandas as pd
import pytest

from deepfake.hydra_callbacks.sweep_table import show_sweep
from deepfake.report.varied import varied

COMMON = "data=celebdf data.root=/data/Celeb-DF-v2 trainer.max_epochs=20 loader.batch_size=64 faces.num_segments=8"


def sweep(asked: list[str], **columns: list[object]) -> pd.DataFrame:
    overrides = [f"{COMMON} {words}" for words in asked]
    return pd.DataFrame({"job": [str(i) for i in range(len(asked))], "overrides": overrides, **columns})


def test_only_what_varied_is_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    aucs = {f"{split}/video/auc": [0.98765, 0.5, float("nan")] for split in ("val", "test")}
    rest = {"test/video/eer": [0.1, 0.5, 0.5], "test/video/accuracy": [0.9, 0.5, 0.5]}
    asked = ["model=meso4 seed=0", "model=meso4 seed=1", "model=mesoinception4"]
    show_sweep(sweep(asked, **aucs, **rest))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sweep of 3 jobs, best val AUC of videos first"
    assert max(map(len, lines)) <= 80
    table = [line.replace("│", " ").replace("┃", " ").split() for line in lines]
    assert ["0", "meso4", "0", "0.988", "0.988", "0.100", "0.900"] in table
    assert ["2", "mesoinception4", "0.500", "0.500"] in table  # its seed was the default, and it has no AUC
    assert "celebdf" not in " ".join(lines)


def test_options_that_only_some_jobs_have_vary() -> None:
    assert varied(["a=1 b=x", "a=1 b=x ~c", "a=1 b=x +d.e=2"]) == ["~c", "+d.e"]
    assert varied(["a=1 'b=x y'", "a=1 'b=x z'"]) == ["b"]  # a space in a value
    notes = [["notes='lr=1, wide'", "seed=0"], ["notes='lr=2, wide'", "seed=0"]]  # an = in a value
    assert varied(map(shlex.join, notes)) == ["notes"]
    assert varied(["a=1"]) == []


def test_a_remark_stands_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    remarks: list[object] = ["shared with test: the source videos of 640 train videos", ""]
    show_sweep(sweep(["model=a", "model=b"], **{"val/video/auc": [0.9, 0.8]}, remarks=remarks))
    assert capsys.readouterr().out.splitlines()[-1] == f"jobs 0: {remarks[0]}"


def test_jobs_that_differ_in_their_seed_alone_have_a_mean_and_a_spread(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asked = ["model=a seed=0", "model=a seed=1", "model=b seed=0", "model=b seed=1", "model=c seed=0"]
    aucs: list[object] = [0.9, 0.7, 0.5, float("nan"), 0.6]
    states: list[object] = ["done"] * 3 + ["failed: no memory", "done"]
    show_sweep(sweep(asked, **{"val/video/auc": aucs}, state=states))
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("over seeds: mean ± standard deviation")
    after = " ".join(lines[start + 1 :]).replace("│", " ").split()
    assert "0.800 ± 0.141" in " ".join(after)  # numpy.std([0.9, 0.7], ddof=1)
    assert "b" not in after and "c" not in after  # one seed each
    assert "job 3 failed: no memory" in lines[:start]
    assert max(map(len, lines)) <= 80


def test_a_number_that_a_search_has_drawn_is_shown_in_three_digits(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = ["optimizer.lr=0.0038322168504927897 seed=0", "optimizer.lr=9.123456789e-05 seed=1234567"]
    show_sweep(sweep(drawn, **{"val/video/auc": [0.9, 0.8]}))
    shown = capsys.readouterr().out
    assert "0.00383 " in shown and "9.12e-05 " in shown and "1234567" in shown and "0.0038322" not in shown


def test_what_every_command_imports_first_needs_no_torch() -> None:
    found = "import deepfake.hydra_callbacks.sweep_table, sys; print({'torch', 'pandas'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True).stdout == "set()\n"
