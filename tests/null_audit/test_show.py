"""What stands on the screen and in the files, and when a warning is logged."""

import logging
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from deepfake.null_audit import NullFindings, show_findings, write_findings

FINDINGS = NullFindings(
    videos=pd.DataFrame({"video_id": ["a", "b"], "split": ["test", "test"], "null_score": [0.5, math.nan]}),
    detector_auc=0.98,
    models=pd.DataFrame({"auc": [0.97, 0.9, 0.5], "p_value": [1e-5, 0.01, 0.5], "train_auc": [0.99, math.nan, 0.6]})
    .set_axis(["all", "files", "crops"])
    .astype(float),
    least_p_value=1e-9,
    num_tested=(20, 30),
    num_train=(40, 50),
    grouped_by="targets",
    features=pd.DataFrame(
        {"importance": [0.4, 0.02, 0.01, 0.0], "auc": [0.01, 0.5, 0.5, math.nan]},
        index=["bitrate", "fps", "width", "codec"],
    ),
)


def with_all(**values: float) -> NullFindings:
    models = FINDINGS.models.copy()
    for name, value in values.items():
        models.loc["all", name] = value
    return replace(FINDINGS, models=models)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def lines(findings: NullFindings, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_findings(findings, "test")
    return capsys.readouterr().out.splitlines()


def test_both_numbers_stand_beside_each_other_with_what_they_rest_on(capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(FINDINGS, capsys)
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown if "│" in line]
    assert cells == [
        ["detector", "0.98", ""],
        ["null model", "0.97", "0.99"],
        ["null model, of files alone", "0.90", "undefined"],
        ["null model, of crops alone", "0.50", "0.60"],
    ]
    below = [line.strip() for line in shown[-3:]]
    assert below[0].startswith(
        "test 20 real, 30 fake, 1 without a score of the detector left out; train 40 real, 50 fake;"
    )
    assert below[1] == "guesses reach the null model's AUC with p = 1e-05"
    assert below[2].endswith(": bitrate 0.40, fps 0.02, width 0.01")


def test_a_null_model_that_comes_near_is_warned_of(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        lines(FINDINGS, capsys)
    (message,) = caplog.messages
    assert "reaches an AUC of 0.970 where the detector has 0.980, by bitrate above all" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        (with_all(auc=0.8), "above chance, and more than 0.05 below the detector"),
        (with_all(auc=0.6, p_value=0.2), "guesses reach the null model's AUC with p = 0.2"),
        (with_all(auc=0.97, p_value=0.1), "with p = 0.1"),
        (
            replace(with_all(p_value=0.1), least_p_value=0.1),
            "too few videos: guesses put them in perfect order with p = 0.1",
        ),
        (with_all(auc=math.nan, p_value=math.nan), "its AUC is undefined, as a class is missing"),
    ],
)
def test_no_warning_otherwise_but_a_line_that_says_why(
    findings: NullFindings, said: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert any(said in line for line in lines(findings, capsys))
    assert not caplog.messages


def test_importances_that_are_undefined_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    undefined = replace(FINDINGS, features=FINDINGS.features.assign(importance=math.nan))
    assert not any("falls without" in line for line in lines(undefined, capsys))


def test_the_table_of_videos_is_written_whole(tmp_path: Path) -> None:
    assert write_findings(tmp_path, FINDINGS) == tmp_path / "null_audit.csv"
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "null_audit.csv"), FINDINGS.videos)
