"""The verdicts on screen."""

import pandas as pd
import pytest

from deepfake.schema import Status
from deepfake.verdict.score_files import COLUMNS
from deepfake.verdict.table import show_predictions

LONG = "interviews/2024-05-01 first camera/" + "speaker_" * 6 + ".mp4"


def predictions(*paths: str) -> pd.DataFrame:
    rows = [[path, Status.OK, 0.98765, "fake", 1, 16, 64, 300, 12.0, "", ""] for path in paths]
    rows.append(["empty.mp4", Status.NO_FACE, None, None, 0, 0, 64, 300, 12.0, "no face in 64 frames", ""])
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_ordinary_names_stand_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_predictions(predictions("clips/a.mp4", "clips/b.mp4"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "predictions of 3 files: 2 fake, 1 no face"
    assert max(map(len, lines)) <= 80
    assert any(line.split("│")[1:5] == [" clips/a.mp4 ", " fake    ", " 0.988 ", "     1 "] for line in lines)
    assert any("no face" in line for line in lines)


def test_a_long_name_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_predictions(predictions(LONG, "b.mp4"))
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith(f"  {LONG}") for line in lines) == 1
    assert len(lines) == 1 + 1 + 3  # title, heads, files
