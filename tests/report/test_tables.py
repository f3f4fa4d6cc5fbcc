"""Tables on screen."""

import pytest

from deepfake.report.tables import show, show_metrics, show_paths


def words(text: str) -> list[list[str]]:
    return [line.replace("│", " ").replace("┃", " ").split() for line in text.splitlines()]


def test_metrics_stand_in_a_row_each_with_a_column_a_level(capsys: pytest.CaptureFixture[str]) -> None:
    show_metrics(
        {
            f"{s}/{lv}/auc": v
            for s, lv, v in [
                ("val", "clip", 0.5),
                ("val", "video", 1.0),
                ("test", "video", 0.25),
                ("test", "clip", 0.75),
            ]
        }
    )
    lines = words(capsys.readouterr().out)
    assert ["metric", "val/video", "val/clip", "test/video", "test/clip"] in lines
    assert ["auc", "1.0000", "0.5000", "0.2500", "0.7500"] in lines


def test_long_words_are_folded_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show("t", ["path"], [["x" * 300]])
    assert capsys.readouterr().out.count("x") == 300


def test_paths_are_never_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    show_paths({"run": "/a" * 100, "metrics": "b"})
    assert capsys.readouterr().out.splitlines() == [f"run      {'/a' * 100}", "metrics  b"]
