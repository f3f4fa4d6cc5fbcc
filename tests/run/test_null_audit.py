"""The option audit of evaluate.py: both spellings of null, what they leave behind, and what is refused."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import SMALL_DEMO, Run

COMMON = ["loader.num_workers=0", "loader.batch_size=8", "sampling.eval_clips_per_track=2", "extract.num_workers=1"]


def checkpoint(run: Path) -> str:
    return f"checkpoint='{run / 'checkpoints' / 'best.ckpt'}'"


def facts(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_null_and_the_word_null_are_the_same_audit(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, argument in (("bare", "audit=null"), ("word", "audit='null'")):
        assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint(one_epoch), argument, f"hydra.run.dir={name}") == 0
    shown = capfd.readouterr().out
    assert shown.count("null audit: AUC of videos") == 2 and "null_audit.csv" in shown
    bare, word = facts(tmp_path / "bare"), facts(tmp_path / "word")
    assert bare["null_audit"] == word["null_audit"]
    assert (tmp_path / "bare" / "null_audit.csv").read_bytes() == (tmp_path / "word" / "null_audit.csv").read_bytes()
    assert bare["null_audit"]["detector_auc"] == bare["metrics"]["test/video/auc"]
    table = pd.read_csv(tmp_path / "bare" / "null_audit.csv", dtype={"null_score": float})
    predicted = pd.read_csv(tmp_path / "bare" / "predictions.csv")
    scored = table[(table["split"] == "test") & table["null_score"].notna()]
    assert set(scored["video_id"]) == set(predicted["video_id"]) and set(table["split"]) == {"train", "test"}
    unscored = table[table["null_score"].isna()].set_index("video_id")
    assert {"extra/no_face", "extra/truncated"} <= set(unscored.index)
    assert unscored.loc["extra/truncated", ["width", "codec", "crop_side_mean"]].isna().all()
    assert unscored.loc["extra/no_face", "width"] == 320


def test_no_audit_unless_it_is_asked_for(one_epoch: Path, script: Run, tmp_path: Path) -> None:
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint(one_epoch), "hydra.run.dir=out") == 0
    assert "null_audit" not in facts(tmp_path / "out") and not (tmp_path / "out" / "null_audit.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audit=true"], "audit is true: give none or null"),
        (["audit=None"], "audit is 'None': give none or null"),
        (["audit=null", "split=train"], "audit=null learns from the train split, so it says nothing of split=train"),
    ],
)
def test_a_mistake_is_one_clear_line(
    arguments: list[str], message: str, one_epoch: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint(one_epoch), *arguments) == 1
    error = capfd.readouterr().err
    assert f"error: {message}" in error and "Traceback" not in error


def test_a_corpus_without_train_is_one_clear_line_before_anything_is_extracted(
    one_epoch: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for label, clip in (("real", "real/p04_a"), ("fake", "faceswap/p04_p05")):
        path = tmp_path / "mine" / "test" / label / "a.mp4"
        path.parent.mkdir(parents=True)
        shutil.copyfile(demo_root / f"{clip}.mp4", path)
    arguments = ["data=folder", f"data.root={tmp_path}/mine", f"paths.faces_dir={tmp_path / 'faces'}", "audit=null"]
    assert script("evaluate", *COMMON, checkpoint(one_epoch), *arguments) == 1
    error = capfd.readouterr().err
    assert "error: audit=null learns from the train split of the corpus, which has no real and no fake video" in error
    assert "put videos below train/" in error and "Traceback" not in error
    assert not list((tmp_path / "faces").rglob("*.zip"))
