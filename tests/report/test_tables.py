"""Tables on screen."""

from pathlib import Path

import pytest

from deepfake.report.tables import show, show_facts, show_metrics, show_paths


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
        },
        {"val": {"scored_real": 100, "scored_fake": 900}, "test": {"scored_real": 99, "scored_fake": 900}},
    )
    lines = words(capsys.readouterr().out)
    assert ["metric", "val", "video", "val", "clip", "test", "video", "test", "clip"] in lines
    assert ["auc", "1.000", "0.500", "0.25", "0.75"] in lines


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


PATH = "a/" * 40 + "clip.mp4"


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("num_rows", [1, 2])
def test_a_long_name_is_neither_folded_nor_cut(num_rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    show("t", ["path", "score"], [[PATH, 0.5]] * num_rows)
    lines = [line for line in capsys.readouterr().out.splitlines() if PATH in line]
    assert len(lines) == num_rows
    assert [line.split() for line in lines] == ([["path", PATH]] if num_rows == 1 else [["0.500", PATH]] * 2)


@pytest.mark.usefixtures("narrow")
def test_a_wide_table_has_its_heads_broken_between_words_alone(capsys: pytest.CaptureFixture[str]) -> None:
    heads = [f"some number {letter} of videos" for letter in "abcdef"]
    show("t", heads, [[1, 2, 3, 4, 5, 6], [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) > 6
    assert set(" ".join(map(" ".join, words("\n".join(lines[2:-4])))).split()) <= {*" ".join(heads).split(), *lines[4]}


@pytest.mark.usefixtures("narrow")
def test_too_many_columns_become_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show("faces", [f"column{i}" for i in range(12)], [list(range(12))])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["faces", "  column0   0"] and len(lines) == 13


def test_empty_columns_are_left_out_and_numbers_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    show("t", ["name", "published", "share"], [["a", None, "5.0%"], ["b", None, "100.0%"]])
    shown = capsys.readouterr().out
    assert "published" not in shown and "│   5.0% │" in shown and "│ 100.0% │" in shown


def test_a_metric_that_does_not_exist_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_metrics(
        {"test/video/auc": float("nan"), "test/video/log_loss": 0.5}, {}, "", "test 17 videos (17 real, 0 fake)"
    )
    shown = capsys.readouterr().out
    assert ["auc", "undefined"] in words(shown) and ["log_loss", "0.50"] in words(shown)
    assert shown.endswith("\ntest 17 videos (17 real, 0 fake)\n")


def test_facts_stand_in_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    show_facts("faces", {"videos": 27, "of them new": 0, "speed": None})
    assert capsys.readouterr().out == "faces\n  videos       27\n  of them new  0\n"


def test_paths_are_relative_to_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    show_paths({"run": tmp_path / "outputs" / "run", "elsewhere": tmp_path.parent, "model": "meso4"})
    assert capsys.readouterr().out == f"run        outputs/run\nelsewhere  {tmp_path.parent}\nmodel      meso4\n"


def test_paths_are_never_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    show_paths({"run": "/a" * 100, "metrics": "b"})
    assert capsys.readouterr().out.splitlines() == [f"run      {'/a' * 100}", "metrics  b"]
