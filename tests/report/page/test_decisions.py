"""Operating points and bands on the page, against plain counts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.report.page import write_page
from deepfake.report.page.band_charts import band_table
from deepfake.report.page.decisions import decision_table, decisions_of, unchosen
from deepfake.report.page.run_files import RunFiles, read_run
from deepfake.report.page.sections import of_all
from tests.report.page.runs import learnt_elsewhere, write_evaluation
from tests.report.page.test_writing import text_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    return read_run(write_evaluation(tmp_path_factory.mktemp("page") / "run", learnt_elsewhere()))


def cells_of(run: RunFiles) -> dict[str, dict[str, object]]:
    """The operating points: threshold -> row -> cell."""
    assert run.videos is not None
    table = decision_table(decisions_of(run.facts), run.videos, of_all(run.numbers))
    names, *columns = zip(*table.rows, strict=True)
    return {head: dict(zip(names, cells, strict=True)) for head, cells in zip(table.heads[1:], columns, strict=True)}


def test_each_threshold_has_its_counts_and_the_intervals_of_numbers_csv(run: RunFiles) -> None:
    assert run.videos is not None and run.numbers is not None
    learnt = learnt_elsewhere().calibration
    found = cells_of(run)
    at = {
        "0.5": ("", 0.5),
        "val: highest balanced accuracy": ("_at_val", learnt.threshold),
        "val: equal error rates": ("_at_val_eer", learnt.thresholds[1].value),
        "val: false-positive rate of at most 0.1": ("_at_val_fpr_0.1", learnt.thresholds[2].value),
    }
    assert [*found] == [*at]
    fake = run.videos["label"] == 1
    for name, (suffix, threshold) in at.items():
        called = run.videos["score"] > threshold
        assert found[name]["fakes called fake"] == f"{(called & fake).sum()} of 19"
        assert found[name]["reals called fake"] == f"{(called & ~fake).sum()} of 20"
        rows = run.numbers[(run.numbers["level"] == "video") & (run.numbers["by"] == "all")].set_index("metric")
        row = rows.loc[f"specificity{suffix}"]
        rate = (called & ~fake).sum() / 20
        ends = f"({1 - row['high']:.2f} to {1 - row['low']:.2f})"
        assert found[name]["false-positive rate"] == f"{rate:.2f} {ends}"
        assert str(found[name]["true-positive rate"]).startswith(f"{(called & fake).sum() / 19:.2f} (")
        assert str(found[name]["balanced accuracy"]).startswith(
            f"{rows.loc[f'balanced_accuracy{suffix}', 'value']:.2f}"
        )
    balanced = found["val: highest balanced accuracy"]
    assert balanced["true-positive rate on val"] == f"{learnt.thresholds[0].recall:.2f}"
    assert found["0.5"]["true-positive rate on val"] == ""


def test_a_threshold_that_val_cannot_choose_is_said(run: RunFiles) -> None:
    reason = "(too few reals: 60, where a false-positive rate of 0.01 needs 100)"
    assert unchosen(run.facts) == f"val: false-positive rate of at most 0.01: there is none {reason}"
    assert unchosen({}) == "" and [each.name for each in decisions_of({})] == ["0.5"]


@pytest.mark.parametrize("prior", [0.5, 0.1])
def test_bands_are_those_of_a_plain_loop(run: RunFiles, prior: float) -> None:
    assert run.videos is not None
    on_val = run.facts["calibration"]["bands"]
    bands = band_table(run.videos, on_val, prior)
    weight = np.where(run.videos["label"] == 1, prior / 19, (1 - prior) / 20)
    for i, row in enumerate(bands.to_dict("records")):
        score = run.videos["calibrated"]
        above = score > row["low"] if i > 2 else score >= row["low"]
        inside = above & (score < row["high"] if i < 2 else score <= row["high"])
        fakes, reals = ((inside & (run.videos["label"] == label)).sum() for label in (1, 0))
        assert (row["num_fake"], row["num_real"]) == (fakes, reals)
        assert (row["num_fake_val"], row["num_real_val"]) == (on_val[i]["num_fake"], on_val[i]["num_real"])
        if i == 2 or not inside.any():
            assert np.isnan(row["error_rate"])
        else:
            wrong = inside & (run.videos["label"] == (1 if i < 2 else 0))
            assert row["error_rate"] == pytest.approx(weight[wrong].sum() / weight[inside].sum())
            assert row["error_low"] <= row["error_rate"] <= row["error_high"]
    assert bands[["num_fake", "num_real"]].to_numpy().sum() == 39


def test_one_class_has_counts_and_no_error_rates(run: RunFiles) -> None:
    assert run.videos is not None
    alone = pd.concat([run.videos[run.videos["label"] == 1], pd.DataFrame({"label": [1], "calibrated": [np.nan]})])
    bands = band_table(alone, run.facts["calibration"]["bands"], 0.5)
    assert bands["num_fake"].sum() == 19 and bands["num_real"].sum() == 0 and bands["error_rate"].isna().all()


def test_videos_without_a_score_of_their_own_have_no_band(run: RunFiles, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "run")
    facts = json.loads((run.folder / "metrics.json").read_text())
    (tmp_path / "run" / "metrics.json").write_text(json.dumps({**facts, "missing": "fake"}))
    assert "Videos without a score of their own have no band: 1." in text_of(write_page(tmp_path / "run"))


def test_the_page_says_what_lacks(run: RunFiles, tmp_path: Path) -> None:
    text = text_of(write_page(run.folder))
    assert "Operating points" in text and "Videos by band, beside script>val.csv" in text
    plain = write_evaluation(tmp_path)
    text = text_of(write_page(plain))
    assert "Operating points" in text and "Thresholds of val are not known here: scripts/calibrate.py learns" in text
    assert "Bands of evidence: Bands of val are not known here" in text
    facts = json.loads((run.folder / "metrics.json").read_text())
    of_old = {name: facts["calibration"][name] for name in ("file", "method", "prior", "threshold", "learnt_on")}
    (plain / "metrics.json").write_text(json.dumps({**facts, "calibration": of_old}))
    assert "Bands of val are not in metrics.json, which an older version wrote" in text_of(write_page(plain))
