"""One table of many runs: rows are what was trained, columns what it was tested on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.errors import ConfigError
from deepfake.report.matrix import cells, markdown, matrix, read_results


def write(folder: Path, draw: int, *, corpus: str = "demo", state: str = "a" * 16, **facts: object) -> pd.DataFrame:
    """Write a result with random scores of two clips a video, and return its predictions."""
    rng = np.random.default_rng([draw, len(corpus)])
    methods = ["", "", "", "swap", "swap", "flick|er", "flick|er"]
    table = pd.DataFrame(
        {"video_id": f"v{i}", "label": int(method != ""), "method": method, "track": 0, "start": start, "score": 0.0}
        for i, method in enumerate(methods)
        for start in (0, 8)
    )
    table["score"] = rng.random(len(table)).round(3)
    folder.mkdir(parents=True)
    table.to_csv(folder / "predictions.csv", index=False)
    content = {"data": {"corpus": corpus, "fingerprint": state}, "checkpoint": "checkpoints/best.ckpt", **facts}
    (folder / "metrics.json").write_text(json.dumps(content))
    return table


def train(folder: Path, seed: int, *options: str) -> pd.DataFrame:
    return write(folder, seed, seed=seed, overrides=[*options, f"seed={seed}"])


def auc(table: pd.DataFrame, *methods: str) -> float:
    """Scikit-learn's AUC of the means over clips."""
    videos = table[table["method"].isin(["", *methods])].groupby("video_id")[["label", "score"]].mean()
    return float(roc_auc_score(videos["label"], videos["score"]))


def test_seeds_share_a_row_and_each_method_has_a_column(tmp_path: Path) -> None:
    tables = [train(tmp_path / f"{seed}", seed, "model=meso4") for seed in (0, 1, 2)]
    other = train(tmp_path / "other", 0, "model=effnet")
    found = matrix(read_results([tmp_path]))
    assert found["model"].tolist() == ["meso4", "effnet"] and found["seeds"].tolist() == [3, 1]
    for column, methods in {"all": ("swap", "flick|er"), "swap": ("swap",), "flick|er": ("flick|er",)}.items():
        of_seeds = [auc(table, *methods) for table in tables]
        assert found[f"demo {column}"].tolist() == pytest.approx([np.mean(of_seeds), auc(other, *methods)])
        assert found[f"demo {column} sd"][0] == pytest.approx(np.std(of_seeds, ddof=1))
        assert np.isnan(found[f"demo {column} sd"][1])


def test_an_evaluation_stands_in_the_row_of_its_training(tmp_path: Path) -> None:
    train(tmp_path / "run", 3, "model=meso4")
    checkpoint = str(tmp_path / "run" / "checkpoints" / "best.ckpt")
    table = write(tmp_path / "test", 5, corpus="demo_b", checkpoint=checkpoint)
    gone = write(tmp_path / "gone", 6, corpus="demo_b", checkpoint=str(tmp_path / "nowhere" / "checkpoints" / "a.ckpt"))
    found = matrix(read_results([tmp_path]))
    assert len(found) == 2  # what was trained elsewhere is known by its checkpoint
    row = found[found["model"] == "meso4"].iloc[0]
    assert row["demo_b all"] == pytest.approx(auc(table, "swap", "flick|er")) and row["seeds"] == 1
    assert found[found["model"] == "default"].iloc[0]["demo_b swap"] == pytest.approx(auc(gone, "swap"))


def test_two_states_of_a_corpus_never_share_a_column(tmp_path: Path) -> None:
    for state in ("aaaa", "bbbb"):
        write(tmp_path / state, 0, state=state * 4, seed=0, overrides=["model=meso4"])
    assert {"demo aaaa all", "demo bbbb all"} <= set(matrix(read_results([tmp_path])))


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    train(tmp_path / "sweep" / "0", 0, "model=meso4")
    assert len(read_results([tmp_path, tmp_path / "sweep"])) == 1


def test_what_people_read(tmp_path: Path) -> None:
    for seed in (0, 1):
        train(tmp_path / f"{seed}", seed, "model=meso4")
    train(tmp_path / "other", 0)
    table = matrix(read_results([tmp_path]))
    text = cells(table, 2)
    assert not [name for name in text if name.endswith(" sd")]
    mean, sd = table["demo all"][0], table["demo all sd"][0]
    assert text["demo all"].tolist() == [f"{mean:.2f} ± {sd:.2f}", f"{table['demo all'][1]:.2f}"]
    assert text["model"].tolist() == ["meso4", "default"]
    head, rule, first, _ = markdown(text).splitlines()
    assert head.count("|") - head.count("\\|") == rule.count("|") == first.count("|")  # a name holds a bar
    assert "flick\\|er" in head


def test_what_cannot_be_read_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match="nothing is no folder: give those of runs"):
        read_results([tmp_path / "nothing"])
    train(tmp_path / "0", 0)
    (tmp_path / "0" / "predictions.csv").unlink()
    with caplog.at_level("INFO"), pytest.raises(ConfigError, match="no run with metrics.json and predictions.csv"):
        read_results([tmp_path])
    assert "has no predictions, and is left out" in caplog.text
