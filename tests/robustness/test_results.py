"""What a test of robustness writes, and shows on a screen of 80 columns."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.distort.catalogue import GROUPS
from deepfake.report.plots import Subject
from deepfake.robustness.results import write_robustness
from deepfake.robustness.table import summary
from tests.robustness.test_table import mean_of, table_of

SUBJECT = Subject("demo", "test", "meso4, trained on demo")


@pytest.fixture
def clips() -> pd.DataFrame:
    ids = ["a", "b", "c", "d"]
    return pd.DataFrame({"video_id": ids, "label": [0, 0, 1, 1], "method": ["real", "real", "swap", "swap"]}).assign(
        track=0, start=0, score=[0.1, 0.2, 0.8, 0.9]
    )


@pytest.fixture
def shown(
    clips: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """The screen after a test of all types and two sets, with 120 videos of each class."""
    monkeypatch.setenv("COLUMNS", "80")
    table = table_of(GROUPS["all"], range(1, 6), ["random_level", "mix_3"]).assign(num_real=120, num_fake=120)
    table.loc[table["type"] == "JPEG", "trained_with"] = "pixelate,resize"
    table.loc[table["type"].isin(["random_level", "mix_3"]), "trained_with"] = "blur,noise,pixelate,resize"
    found = summary(table, mean_of)
    paths = write_robustness(table, found, clips, SUBJECT, tmp_path, "seed=0, reencode=none")
    assert {name: path.exists() for name, path in paths.items()} == {"robustness": True, "by level": True}
    written = pd.read_csv(paths["robustness"])
    assert written["type"].tolist() == table["type"].tolist()
    assert np.array_equal(written["video_auc"], table["video_auc"])
    return capsys.readouterr().out.splitlines()


def test_a_table_of_everything_fits_the_screen(shown: list[str]) -> None:
    assert max(len(line) for line in shown if line.startswith(tuple("┏┃┡│└"))) <= 80  # a terminal wraps what follows
    assert sum(line.startswith("│") for line in shown) == 1 + 12 + 2 + 2  # clean, types, sets, means
    assert any("level of distortion" in line for line in shown) and "seed=0, reencode=none" in shown


def test_what_the_table_has_no_room_for_stands_below_it(shown: list[str]) -> None:
    text = " ".join(line.strip() for line in shown)
    assert "mean of the types 60.000 to 1.000, mean of the seven 35.000 to 1.000; robustness.csv has that of" in text


def test_what_was_trained_with_is_marked_and_named(shown: list[str]) -> None:
    marked = {line.split("│")[1].strip() for line in shown if line.startswith("│") and "*" in line}
    assert marked == {"GB *", "JPEG *", "random_level *", "mix_3 *"}
    text = " ".join(line.strip() for line in shown)
    assert "* the detector was trained with the like: GB (blur), JPEG (pixelate, resize), random_level (blur," in text


def test_an_older_card_is_said_not_to_know(
    clips: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = table_of(["CS"], [2]).assign(num_real=2, num_fake=2)
    table.loc[1:, "trained_with"] = "unknown"
    write_robustness(table, summary(table, mean_of), clips, SUBJECT, tmp_path)
    shown = capsys.readouterr().out
    assert "CS *" in shown and "* it is not known what the detector was trained with" in shown
    assert f"{table['video_auc'].iloc[1]:.2f}" in shown  # with two videos of a class, the third decimal says nothing
