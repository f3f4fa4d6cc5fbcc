"""One table of many runs: rows are what was trained, columns what it was tested on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.errors import ConfigError
from deepfake.report.matrix import cells, markdown, matrix, read_results, unfinished


def write(
    folder: Path, draw: int, *, corpus: str = "demo", state: str = "a" * 16, split: str = "test", **facts: object
) -> pd.DataFrame:
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
    data = {"corpus": corpus, "fingerprint": state, "content": {split: "c" * 16}}
    content: dict[str, object] = {
        "data": data,
        "checkpoint": "checkpoints/best.ckpt",
        "metrics": {f"{split}/video/auc": 0.5},
        **facts,
    }
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
    for column, methods in {"all fakes": ("swap", "flick|er"), "swap": ("swap",), "flick|er": ("flick|er",)}.items():
        of_seeds = [auc(table, *methods) for table in tables]
        assert found[f"demo: {column}"].tolist() == pytest.approx([np.mean(of_seeds), auc(other, *methods)])
        assert found[f"demo: {column} sd"][0] == pytest.approx(np.std(of_seeds, ddof=1))
        assert np.isnan(found[f"demo: {column} sd"][1])


def test_an_evaluation_stands_in_the_row_of_its_training(tmp_path: Path) -> None:
    train(tmp_path / "run", 3, "model=meso4")
    checkpoint = str(tmp_path / "run" / "checkpoints" / "best.ckpt")
    table = write(tmp_path / "test", 5, corpus="demo_b", checkpoint=checkpoint)
    gone = write(tmp_path / "gone", 6, corpus="demo_b", checkpoint=str(tmp_path / "nowhere" / "checkpoints" / "a.ckpt"))
    found = matrix(read_results([tmp_path]))
    assert len(found) == 2  # what was trained elsewhere is known by its checkpoint
    row = found[found["model"] == "meso4"].iloc[0]
    assert row["demo_b: all fakes"] == pytest.approx(auc(table, "swap", "flick|er")) and row["seeds"] == 1
    assert found[found["model"] == ""].iloc[0]["demo_b: swap"] == pytest.approx(auc(gone, "swap"))


def test_two_states_of_a_corpus_never_share_a_column_or_a_row(tmp_path: Path) -> None:
    for state in ("aaaa", "bbbb"):
        data = {"corpus": "demo", "fingerprint": "f" * 16, "content": {"test": state * 4, "train": state * 4}}
        write(tmp_path / state, 0, seed=0, overrides=["model=meso4"], data=data)
    found = matrix(read_results([tmp_path]))
    assert {"demo aaaaaa: all fakes", "demo bbbbbb: all fakes"} <= {*found}
    assert found["trained on"].tolist() == ["demo aaaaaa", "demo bbbbbb"]


def test_a_recipe_that_leaves_fakes_of_train_out_shares_the_column_of_test(tmp_path: Path) -> None:
    for model, state in {"meso4": "a", "effnet": "b"}.items():
        data = {"corpus": "demo", "fingerprint": state * 16, "content": {"test": "c" * 16, "train": state * 16}}
        write(tmp_path / model, 0, seed=0, overrides=[f"model={model}"], data=data)
    found = matrix(read_results([tmp_path]))
    assert found["demo: all fakes n"].tolist() == [1, 1] and "trained on" not in found


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
    mean, sd = table["demo: all fakes"][0], table["demo: all fakes sd"][0]
    assert text["demo: all fakes"].tolist() == [f"{mean:.2f} ± {sd:.2f}", f"{table['demo: all fakes'][1]:.2f}"]
    assert text["model"].tolist() == ["meso4", ""]
    head, rule, first, _ = markdown(text).splitlines()
    assert head.count("|") - head.count("\\|") == rule.count("|") == first.count("|")  # a name holds a bar
    assert "flick\\|er" in head


def test_what_cannot_be_read_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match="nothing is not a folder: give folders of runs"):
        read_results([tmp_path / "nothing"])
    train(tmp_path / "0", 0)
    (tmp_path / "0" / "predictions.csv").unlink()
    with caplog.at_level("INFO"), pytest.raises(ConfigError, match="no run with metrics.json and predictions.csv"):
        read_results([tmp_path])
    assert "has no predictions, and is left out" in caplog.text
    with pytest.raises(ConfigError, match="names no folder"):
        read_results([])


@pytest.mark.parametrize(
    ("name", "content"),
    [("metrics.json", "{"), ("metrics.json", '{"a": 1}'), ("metrics.json", "[]"), ("predictions.csv", "")],
)
def test_a_broken_result_is_left_out_and_the_others_count(
    name: str, content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(tmp_path / "0", 0)
    train(tmp_path / "1", 1)
    (tmp_path / "0" / name).write_text(content)
    assert [result.seed for result in read_results([tmp_path])] == ["1"]
    assert "0 cannot be read, and is left out (" in caplog.text


def test_val_has_a_column_of_its_own(tmp_path: Path) -> None:
    table = train(tmp_path / "run", 0)
    checkpoint = str(tmp_path / "run" / "checkpoints" / "best.ckpt")
    val = write(tmp_path / "val", 5, split="val", checkpoint=checkpoint)
    row = matrix(read_results([tmp_path])).iloc[0]
    assert row["demo: swap"] == pytest.approx(auc(table, "swap"))
    assert row["demo val: swap"] == pytest.approx(auc(val, "swap"))


def test_another_epoch_than_the_best_has_a_row_of_its_own(tmp_path: Path) -> None:
    train(tmp_path / "run", 0)
    write(tmp_path / "early", 5, checkpoint=str(tmp_path / "run" / "checkpoints" / "epoch_001.ckpt"))
    assert matrix(read_results([tmp_path]))["checkpoint"].tolist() == ["epoch_001.ckpt", ""]


def test_a_checkpoint_that_no_training_left_is_known_by_its_path(tmp_path: Path) -> None:
    train(tmp_path / "run", 0)
    write(tmp_path / "imported", 5, checkpoint=str(tmp_path / "meso4_df.ckpt"))
    assert str(tmp_path / "meso4_df.ckpt") in matrix(read_results([tmp_path]))["checkpoint"].tolist()


@pytest.mark.parametrize("relative", [True, False])
def test_a_training_is_one_however_its_checkpoint_was_given(
    relative: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train(Path("run"), 3)
    checkpoint = Path("run") / "checkpoints" / "best.ckpt"
    write(Path("test"), 5, corpus="demo_b", checkpoint=str(checkpoint if relative else checkpoint.resolve()))
    found = matrix(read_results([Path("run"), tmp_path / "test", Path()]))
    assert found["seeds"].tolist() == [1] and found["demo_b: swap n"].tolist() == found["demo: swap n"].tolist() == [1]


def test_the_order_of_options_and_those_that_change_no_number_make_no_row(tmp_path: Path) -> None:
    train(tmp_path / "0", 0, "model=meso4", "optimizer.lr=0.1", "notes=first", "loader.num_workers=2")
    train(tmp_path / "1", 1, "optimizer.lr=0.1", "model=meso4", "resume=a.ckpt", "logger=csv", "paths.data_dir=x")
    assert matrix(read_results([tmp_path]))["seeds"].tolist() == [2]


def test_a_run_that_only_measured_is_an_evaluation(tmp_path: Path) -> None:
    train(tmp_path / "run", 0, "model=meso4")
    resume = f"resume={tmp_path / 'run' / 'checkpoints' / 'best.ckpt'}"
    write(tmp_path / "measured", 1, corpus="demo_b", seed=7, overrides=["model=meso4", "train=false", resume])
    found = matrix(read_results([tmp_path]))
    assert found["seeds"].tolist() == [1] and found["demo_b: swap n"].tolist() == [1]


def test_a_cell_of_fewer_runs_says_so_and_one_without_a_class_is_undefined(tmp_path: Path) -> None:
    for seed in (0, 1):
        train(tmp_path / f"{seed}", seed)
        path = tmp_path / f"{seed}" / "predictions.csv"
        pd.read_csv(path).query("label == 1").to_csv(path, index=False)
    checkpoint = str(tmp_path / "0" / "checkpoints" / "best.ckpt")
    write(tmp_path / "test", 5, corpus="demo_b", checkpoint=checkpoint)
    text = cells(matrix(read_results([tmp_path])), 2)
    assert text["demo_b: swap"][0].endswith(" (1)") and text["demo: swap"].tolist() == ["undefined"]


def test_two_results_in_one_place_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = train(tmp_path / "a", 0)
    train(tmp_path / "b", 0)
    matrix(read_results([tmp_path]))
    assert "have the same options and seed: both count in the mean" in caplog.text
    write(tmp_path / "c", 5, checkpoint=str(tmp_path / "a" / "checkpoints" / "best.ckpt"))
    found = matrix(read_results([tmp_path / "a", tmp_path / "c"]))
    assert "test one checkpoint on the same videos: only the first counts" in caplog.text
    assert found["demo: swap"].tolist() == pytest.approx([auc(first, "swap")])


def test_what_was_stopped_is_named(tmp_path: Path) -> None:
    train(tmp_path / "done", 0)
    for name in ("done", "stopped"):
        (tmp_path / name / ".hydra").mkdir(parents=True)
        (tmp_path / name / "train.log").touch()
    assert unfinished([tmp_path]) == [tmp_path / "stopped"]
    # A test of several checkpoints has a folder for each, and is finished when the last of them is.
    for index in ("0", "1"):
        (tmp_path / "several" / index).mkdir(parents=True)
    (tmp_path / "several" / ".hydra").mkdir()
    (tmp_path / "several" / "evaluate.log").touch()
    (tmp_path / "several" / "0" / "metrics.json").touch()
    assert unfinished([tmp_path]) == [tmp_path / "several", tmp_path / "stopped"]
    (tmp_path / "several" / "1" / "metrics.json").touch()
    assert unfinished([tmp_path]) == [tmp_path / "stopped"]
