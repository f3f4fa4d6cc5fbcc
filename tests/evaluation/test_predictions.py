"""Tables of predictions: what they are said to hold, row by row, and every way to be refused."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.errors import ConfigError, CorpusError, DeepfakeError
from deepfake.evaluation import Columns, read_predictions

OURS = "video_id,label,method,track,start,score\n"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_our_own_table_needs_no_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, OURS + "a/1,0,real,0,0,0.25\na/1,0,real,0,8,0.5\nb/1,1,swap,2,0,1\n")
    with caplog.at_level(logging.INFO):
        table = read_predictions(path, Columns(), "probability")
    assert table["video_id"].tolist() == ["a/1", "a/1", "b/1"]  # two videos of one file name stay two
    assert table["label"].tolist() == [0, 0, 1] and table["score"].tolist() == [0.25, 0.5, 1.0]
    assert table["method"].tolist() == ["real", "real", "swap"] and table["clip"].tolist() == ["0", "8", "0"]
    assert not caplog.records  # every column is used


def test_columns_of_other_names_and_words_for_labels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, "file,truth,p,note\nx, Fake ,0.5,hm\n'nan',REAL,,\n", "utf-8-sig")  # Excel's mark of UTF-8
    with caplog.at_level(logging.INFO):
        table = read_predictions(path, Columns(video_id="file", label="truth", score="p"), "probability")
    assert table["video_id"].tolist() == ["x", "'nan'"] and table["label"].tolist() == [1, 0]
    assert table["score"].iloc[0] == 0.5 and np.isnan(table["score"].iloc[1])
    assert "columns that are not used: 'note'" in caplog.text


@pytest.mark.parametrize("video", ["nan", "NA", "null", "None", "007", "1e3", "ünï", "a,b", "<b>"])
def test_names_stay_what_they_are(tmp_path: Path, video: str) -> None:
    path = written(tmp_path, f'video_id,label,score\n"{video}",1,0.5\n')
    assert read_predictions(path, Columns(), "probability")["video_id"].tolist() == [video]


def test_logits_become_probabilities(tmp_path: Path) -> None:
    values = [-800.0, -2.5, 0.0, 3.25, 800.0]
    path = written(tmp_path, "video_id,label,score\n" + "".join(f"{i},1,{v}\n" for i, v in enumerate(values)))
    scores = read_predictions(path, Columns(), "logit")["score"].to_numpy()
    assert scores[1:4] == pytest.approx([1 / (1 + np.exp(-v)) for v in values[1:4]], rel=1e-15)
    assert scores[0] == 0 and scores[4] == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("v,1,nan", "score is 'nan', and must be a probability"),
        ("v,1,inf", "score is 'inf', and must be a probability"),
        (
            "v,1,1.01",
            r"score is '1\.01', and must be a probability in \[0, 1\]; if these are logits, give scores=logit",
        ),
        ("v,1,-1e-9", "score is '-1e-9'"),
        ("v,1,high", r"score is 'high', and must be a probability in \[0, 1\]$"),
        ('v,1,"0,5"', "score is '0,5'"),
        ("v,2,0.5", "label is '2', and must be 0 or real, or 1 or fake"),
        ("v,,0.5", "label is ''"),
        ("v,true,0.5", "label is 'true'"),
        (",1,0.5", "video_id is empty"),
        ("u,1,0.5", "label is 1, but 0 in an earlier row of this video; if these are two videos of one name"),
        ("u,0,", "it has no score, but other rows of this video have one"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = written(tmp_path, f"video_id,label,score\nu,0,0.5\n{row}\n")
    with pytest.raises(ConfigError, match=message) as refused:
        read_predictions(path, Columns(), "probability")
    assert "line 3 (video " in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("cell", ["nan", "-inf", "1e999", "x"])
def test_logits_are_finite_numbers(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, f"video_id,label,score\nv,1,{cell}\n")
    with pytest.raises(ConfigError, match=f"line 2 .*score is '{cell}', and must be a finite number, as scores=logit"):
        read_predictions(path, Columns(), "logit")


@pytest.mark.parametrize(
    ("name", "first", "second"), [("method", "a", "b"), ("group", "c23", "c40"), ("person", "p", "q")]
)
def test_rows_of_a_video_agree(tmp_path: Path, name: str, first: str, second: str) -> None:
    path = written(tmp_path, f"video_id,label,score,{name}\nv,1,0.5,{first}\nv,1,0.4,{second}\n")
    with pytest.raises(ConfigError, match=f"line 3 .*{name} is {second}, but {first} in an earlier row"):
        read_predictions(path, Columns(), "probability")


@pytest.mark.parametrize("clip", ["clip", "start"])
def test_a_clip_that_is_there_twice_is_refused_and_another_face_is_not(tmp_path: Path, clip: str) -> None:
    head = f"video_id,label,score,track,{clip}\nv,1,0.5,0,8\n"
    with pytest.raises(ConfigError, match="line 3 .*the same clip of the same face has a row already"):
        read_predictions(written(tmp_path, head + "v,1,0.6,0,8\n"), Columns(), "probability")
    table = read_predictions(written(tmp_path, head + "v,1,0.6,left,8\n"), Columns(), "probability")
    assert table["track"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", Columns(), "is empty; predictions= wants a CSV"),
        ("\n\n", Columns(), "is empty"),
        ("video_id,label,score\n", Columns(), "has no rows"),
        ("video_id,label,score,score\nv,1,0.5,0.4\n", Columns(), "has two columns 'score'"),
        ("video_id,label,score\nv,1,0.5\nw,1\n", Columns(), "line 3 has 2 cells, and the header has 3"),
        ("video_id,label,score\nv,1,0\0.5\n", Columns(), "has a zero byte"),
        ("video_id,label,score\nv,1,0.5\n", Columns(group="clip"), "has no column 'clip'"),
        ("video_id,label,score,start\nv,1,0.5,0\n", Columns(group="clip"), "has no column 'clip'"),
        ("video_id;label;score\nv;1;0.5\n", Columns(), "has no column 'video_id'; it has 'video_id;label;score'"),
        (
            "a,label,score\nv,1,0.5\n",
            Columns(),
            "no column 'video_id'; it has 'a', 'label', 'score': name .* columns.video_id=",
        ),
        ("video_id,label,score\nv,1,0.5\n", Columns(group="side"), "has no column 'side'"),
        ("video_id,label,score\nv,1,0.5\n", Columns(clip="no"), "has no column 'no'"),
        (
            "video_id,label,score\nv,1,0.5\n",
            Columns(group="label"),
            "columns.label and columns.group name the same column",
        ),
        ("video_id,label,score\nv,1,0.5,7\n", Columns(), "line 2 has 4 cells, and the header has 3"),
        ("video_id,label,score\nv,1,0.5\nw,1,0.5,7\n", Columns(), "line 3 has 4 cells"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, text: str, columns: Columns, message: str) -> None:
    with pytest.raises(DeepfakeError, match=message) as refused:
        read_predictions(written(tmp_path, text), columns, "probability")
    assert "scores.csv" in str(refused.value) or "columns." in str(refused.value)


def test_what_is_no_text_and_what_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"video_id,label,score\n\xff\xfe,1,0.5\n")
    for name, message in (
        ("x.csv", "is not UTF-8 text"),
        ("y.csv", "is missing; predictions= wants"),
        (".", "cannot be read"),
    ):
        with pytest.raises(CorpusError, match=message):
            read_predictions(tmp_path / name, Columns(), "probability")


def test_a_large_table_reads_as_pandas_does(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"video_id": [f"v{i // 3}" for i in range(900)], "label": np.arange(900) // 3 % 2})
    table = table.assign(score=draw.random(900))
    table.to_csv(tmp_path / "t.csv", index=False)
    found = read_predictions(tmp_path / "t.csv", Columns(), "probability")
    pd.testing.assert_frame_equal(found[["video_id", "label", "score"]], table)


def test_a_line_is_named_as_an_editor_counts_it(tmp_path: Path) -> None:
    path = written(tmp_path, 'video_id,label,score\n\na,1,0.5\n\n"b\nc",1,0.5\nd,1,2\n')
    with pytest.raises(ConfigError, match="line 7 "):
        read_predictions(path, Columns(), "probability")


@pytest.mark.parametrize("suffix", [".zip", ".gz", ".xz", ".tar", ".zst"])
def test_a_name_that_looks_compressed_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    path.write_text("video_id,label,score\nv,1,0.5\n")
    assert len(read_predictions(path, Columns(), "probability")) == 1
