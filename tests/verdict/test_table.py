"""The verdicts on screen."""

from dataclasses import replace

import pytest

from deepfake.verdict import Summary, Verdict
from deepfake.verdict.table import MOST_ROWS
from tests.verdict.made import FACELESS, SCORED

LONG = "interviews/2024-05-01 first camera/" + "speaker_" * 6 + ".mp4"


def show(*names: str) -> Summary:
    summary = Summary()
    for name in names:
        summary.add(name, SCORED)
    summary.add(FACELESS.path, FACELESS)
    summary.show()
    return summary


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_ordinary_names_stand_in_a_table(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    assert show("clips/a.mp4", "clips/b.mp4").num_unread == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "predictions of 3 files: 2 fake, 1 no face"
    assert max(map(len, lines)) <= 80
    assert any(line.split("│")[1:5] == [" clips/a.mp4 ", " fake    ", " 0.750 ", "     1 "] for line in lines)
    assert any("64 of 300" in line and "2.6 of 12.0" in line for line in lines)
    assert "empty.mp4: no face (no face in 64 frames)" in caplog.text


def test_a_long_name_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show(LONG, "b.mp4")
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith(f"  {LONG}") for line in lines) == 1
    assert lines[1 + 1 + 3].startswith("scores are not calibrated")  # after title, heads and files


def test_many_files_are_counted_and_not_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(*(f"{i}.mp4" for i in range(MOST_ROWS + 1)))
    shown = capsys.readouterr().out
    assert f"predictions of {MOST_ROWS + 2} files: {MOST_ROWS + 1} fake, 1 no face" in shown
    assert f"{MOST_ROWS - 1}.mp4" in shown and f" {MOST_ROWS}.mp4" not in shown
    assert "2 more files: see predictions.csv" in shown


def test_the_error_rate_stands_beside_a_band(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary()
    band = replace(SCORED, verdict=Verdict.STRONG_FAKE, calibrated=0.953, error_rate=0.041)
    summary.add("a.mp4", band)
    summary.show()
    shown = capsys.readouterr().out
    assert "1 strong evidence of manipulation" in shown and "0.953" in shown and "0.041" in shown
    assert "not calibrated" not in shown


def test_files_that_could_not_be_read_are_counted() -> None:
    summary = Summary()
    summary.add("a", SCORED)
    summary.add("b", replace(FACELESS, because="unreadable"))
    assert summary.num_unread == 1
