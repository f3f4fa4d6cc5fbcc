"""The leaderboard of a sweep, and what it says of options."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.report.matrix import leaderboards
from deepfake.report.matrix.importance import importance
from tests.report.matrix.runs import evaluate, train


def job(folder: Path, auc: float, *options: str, loss: float = 0.5, **more: object) -> None:
    train(folder, 0, *options, metrics={"val/video/auc": auc, "val/video/log_loss": loss}, **more)


def test_the_best_on_val_comes_first_with_the_options_that_varied(tmp_path: Path) -> None:
    job(tmp_path / "0", 0.7, "model=meso4", "optimizer.lr=0.1", "notes=a")
    job(tmp_path / "1", 0.9, "model=meso4", "optimizer.lr=0.01", "notes=b", loss=0.4)
    job(tmp_path / "2", 0.9, "model=meso4", "~callbacks.progress", loss=0.3)
    evaluate(tmp_path / "test", 1, tmp_path / "0")
    (board,) = leaderboards([tmp_path])
    assert board.names == ["optimizer.lr", "~callbacks.progress"]
    assert [Path(each).name for each in board.jobs["job"]] == ["2", "1", "0"]
    assert board.jobs["optimizer.lr"].tolist() == ["", "0.01", "0.1"]


def test_jobs_on_other_val_videos_have_a_leaderboard_of_their_own(tmp_path: Path) -> None:
    for place, state in enumerate("aabbc"):
        content = {"content": {"val": state * 16}}
        job(tmp_path / f"{place}", 0.5 + place / 10, f"model={place}", data=content)
    assert [(board.corpus, len(board.jobs)) for board in leaderboards([tmp_path])] == [
        ("demo aaaaaa", 2),
        ("demo bbbbbb", 2),
    ]


def test_folders_and_values_that_are_no_text_have_their_rows(tmp_path: Path) -> None:
    for i, name in enumerate((b"a\xff", b"b\n|")):
        job(tmp_path / os.fsdecode(name), 0.5 + i / 10, f"model={os.fsdecode(name)}")
    (board,) = leaderboards([tmp_path])
    assert board.jobs["job"].tolist() == [f"{tmp_path}/b%0A|", f"{tmp_path}/a%FF"]
    assert board.jobs["model"].tolist() == ["b%0A|", "a%FF"]


def test_importance_finds_the_option_that_matters_and_says_when_none_can_be_told() -> None:
    rng = np.random.default_rng(0)
    options = pd.DataFrame({"lr": rng.random(40).round(6).astype(str), "model": rng.choice(["a", "b"], 40)})
    noise = rng.random(40)
    found = importance(options, 0.7 + 0.2 * (options["model"] == "b") + 0.01 * noise)
    assert isinstance(found, dict) and list(found) == ["model", "lr"]
    assert found["model"] > 0.7 and abs(found["lr"]) < 0.1
    assert "11 jobs are too few" in str(importance(options[:11], noise[:11]))
    assert "explain nothing" in str(importance(options, noise))
    assert "the same val AUC" in str(importance(options, np.full(40, 0.5)))
