"""`scripts/evaluate.py` with distortions, on the tiny demo corpus."""

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.conftest import SMALL_DEMO, Run

COMMON = ["loader.num_workers=0", "loader.batch_size=8", "sampling.eval_clips_per_track=2", "extract.num_workers=1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["distort=GX"], "distort is 'GX', which is no distortion: choose all, deeperforensics, gend, a type (CS,"),
        (["distort=[]"], "distort is []: give all, a type, a set, or a list of these, as in distort=[CS,GB]"),
        (["distort=GB", "level=0"], "level is 0: give a level from 1 to 5, or a list of them, as in level=[1,3,5]"),
        (["distort=GB", "level=[1,6]"], "level is [1, 6]: give a level from 1 to 5, or a list of them"),
        (["level=[1,2]"], "level=[1,2] has no effect without distort: add distort=all, or leave it out"),
        (["distort=GB", "reencode=xvid"], "reencode is 'xvid': choose one of none, dfo"),
    ],
)
def test_a_mistake_is_one_clear_line_before_anything_runs(
    options: list[str], message: str, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("evaluate", "checkpoint=no/such.ckpt", *options) == 1
    error = capfd.readouterr().err
    assert f"error: {message}" in error and "Traceback" not in error and "no/such.ckpt" not in error


@pytest.mark.slow
def test_distorted_frames_are_scored_beside_the_clean_ones(
    model: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    common = [*COMMON, *SMALL_DEMO, f"checkpoint='{model}'"]
    assert script("evaluate", *common, "hydra.run.dir=plain") == 0
    chosen = ["distort=[CC,jpeg,BW,mix_3]", "level=[1,5]"]
    assert script("evaluate", *common, *chosen, "hydra.run.dir=out") == 0
    plain, out = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("plain", "out"))
    assert out["metrics"] == plain["metrics"] and out["data"] == plain["data"]
    folder = tmp_path / "out"
    clean = pd.read_csv(folder / "predictions.csv")
    pd.testing.assert_frame_equal(clean, pd.read_csv(tmp_path / "plain" / "predictions.csv"))

    table = pd.read_csv(folder / "robustness.csv")
    assert table["type"].tolist() == ["clean", *["CC"] * 2, *["jpeg"] * 2, *["BW"] * 2, "mix_3"]
    assert table["video_auc"].iloc[0] == plain["metrics"]["test/video/auc"]
    assert table["clip_auc"].iloc[0] == plain["metrics"]["test/clip/auc"]
    for row in table.itertuples():
        clips = pd.read_csv(folder / row.predictions)
        pd.testing.assert_frame_equal(clips[["video_id", "track", "start"]], clean[["video_id", "track", "start"]])
        videos = clips.groupby("video_id").agg(label=("label", "first"), score=("score", "mean"))
        assert row.video_auc == pytest.approx(roc_auc_score(videos["label"], videos["score"]), abs=1e-9)
        assert row.clip_auc == pytest.approx(roc_auc_score(clips["label"], clips["score"]), abs=1e-9)
        assert [row.num_real, row.num_fake] == [(videos["label"] == label).sum() for label in (0, 1)]
        assert row.num_clips == len(clean) and row.coverage == plain["metrics"]["test/video/coverage"]
        if row.type in ("CC", "jpeg", "mix_3"):  # reals are distorted as fakes are
            assert ((clips["score"] != clean["score"]).groupby(clips["label"]).mean() > 0.9).all()
            assert row.num_unchanged == 0
    numbers = pd.read_csv(folder / "numbers.csv").set_index(["level", "by", "metric"]).loc[("video", "all", "auc")]
    assert table[["video_auc_low", "video_auc_high"]].iloc[0].tolist() == numbers[["low", "high"]].tolist()
    assert (table["interval"] == numbers["interval"]).all()
    small = table[table["type"] == "BW"]
    assert (small["num_unchanged"] == small["num_real"] + small["num_fake"]).all()

    found = out["robustness"]
    assert (found["seed"], found["reencode"]) == (0, "none")
    assert found["clean"]["video/auc"] == plain["metrics"]["test/video/auc"]
    aucs = table[table["type"] == "CC"]["video_auc"]
    assert found["types"]["CC"]["mean"]["video/auc"] == pytest.approx(aucs.mean(), abs=1e-12)
    first = found["types"]["CC"]["levels"]["1"]
    assert [first["video/auc_low"], first["video/auc_high"]] == table[["video_auc_low", "video_auc_high"]].iloc[
        1
    ].tolist()
    assert found["mean"].keys() == first.keys()
    # The default augmentation changes brightness, contrast and saturation a little, and compresses.
    seen = {name: each["trained_with"] for name, each in {**found["types"], **found["sets"]}.items()}
    assert seen == {"CC": "brightness,contrast", "jpeg": "jpeg", "BW": "", "mix_3": "brightness,contrast,saturation"}
    assert (folder / "robustness.png").stat().st_size > 10_000
    shown = capfd.readouterr().out
    assert "AUC of videos by level of distortion" in shown and "BW at level 5 leaves the faces of" in shown
    assert "│ jpeg *" in shown and "│ BW  " in shown
    assert "* the detector was trained with the like: CC (brightness, contrast), jpeg (jpeg)" in shown

    # The same command again finds the faces, and the same scores.
    assert script("evaluate", *common, *chosen, "hydra.run.dir=again") == 0
    assert "distorting by" not in capfd.readouterr().err
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again" / "robustness.csv"), table)
