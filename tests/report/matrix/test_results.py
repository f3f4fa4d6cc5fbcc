"""Which runs are one row of the matrix, which tests are one column, and what is left out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.errors import ConfigError
from deepfake.report.matrix import Matrix, build_matrix, leaderboards, read_results, unfinished
from tests.report.matrix.runs import auc_of, evaluate, train, write_run


def built(*folders: Path) -> Matrix:
    return build_matrix(read_results(folders))


def values(matrix: Matrix, name: str) -> list[float | None]:
    column = next(each for each in (*matrix.columns, *matrix.by_method) if each.name == name)
    return [None if cell is None else cell.estimate.value for cell in column.cells]


def test_seeds_share_a_row_and_each_method_has_a_column(tmp_path: Path) -> None:
    tables = [train(tmp_path / f"{seed}", seed, "model=meso4", seed=seed) for seed in (0, 1, 2)]
    other = train(tmp_path / "other", 5, "model=effnet")
    found = built(tmp_path)
    assert (found.heads, found.rows) == (["model", "trained on"], [["meso4", "demo"], ["effnet", "demo"]])
    assert found.seeds == [3, 1]
    for column, methods in {"demo": (), "demo: swap": ("swap",), "demo: flick|er": ("flick|er",)}.items():
        of_seeds = [auc_of(table, *methods) for table in tables]
        assert values(found, column) == pytest.approx([np.mean(of_seeds), auc_of(other, *methods)])
    first, second = found.columns[0].cells
    assert first and second and np.isnan(second.sd)
    assert first.sd == pytest.approx(np.std([auc_of(table) for table in tables], ddof=1))


def test_an_evaluation_stands_in_the_row_of_its_training(tmp_path: Path) -> None:
    train(tmp_path / "run", 3, "model=meso4")
    table = evaluate(tmp_path / "test", 5, tmp_path / "run", corpus="demo_b")
    gone = evaluate(tmp_path / "gone", 6, tmp_path / "nowhere", corpus="demo_b")
    found = built(tmp_path)
    assert len(found.rows) == 2  # what was trained elsewhere is known by its checkpoint
    assert sorted(values(found, "demo_b")) == pytest.approx(sorted([auc_of(table), auc_of(gone)]))  # type: ignore[type-var]
    assert values(found, "demo").count(None) == 1


def test_two_states_of_a_corpus_never_share_a_column_or_a_row(tmp_path: Path) -> None:
    for state in ("a", "b"):
        content = {"content": {"test": state * 16, "train": state * 16}}
        train(tmp_path / state, 0, "model=meso4", data=content)
    found = built(tmp_path)
    assert [each.name for each in found.columns[:2]] == ["demo aaaaaa", "demo bbbbbb"]
    assert [row[-1] for row in found.rows] == ["demo aaaaaa", "demo bbbbbb"]
    assert values(found, "demo aaaaaa")[1] is None and values(found, "demo bbbbbb")[0] is None
    assert len(found.columns) == 2 and any("whose videos would count twice" in note for note in found.notes)


def test_older_runs_are_told_apart_by_their_fingerprint(tmp_path: Path) -> None:
    for state in ("a", "b"):
        train(tmp_path / state, 0, f"model={state}", data={"content": {}, "fingerprint": state * 16})
    assert [each.name for each in built(tmp_path).columns[:2]] == ["demo aaaaaa", "demo bbbbbb"]


def test_a_recipe_that_leaves_fakes_of_train_out_shares_the_column_of_test(tmp_path: Path) -> None:
    for model, state in {"meso4": "a", "effnet": "b"}.items():
        content = {"fingerprint": state * 16, "content": {"test": "c" * 16, "train": state * 16}}
        train(tmp_path / model, 0, f"model={model}", data=content)
    found = built(tmp_path)
    assert [each.name for each in found.columns] == ["demo"] and [row[-1] for row in found.rows] == ["demo", "demo"]


def test_a_table_of_predictions_is_a_row_in_the_column_of_its_videos(tmp_path: Path) -> None:
    train(tmp_path / "run", 0, "model=meso4")
    theirs = write_run(tmp_path / "theirs", 7, data={"corpus": None, "predictions": "x/theirs.csv", "digest": "0"})
    write_run(tmp_path / "others", 8, num=8, data={"predictions": "others.csv", "digest": "0"})
    for name in ("theirs", "others"):
        path = tmp_path / name / "metrics.json"
        path.write_text(path.read_text().replace('"corpus": ', '"was": '))
    found = built(tmp_path / "run", tmp_path / "theirs", tmp_path / "others")
    assert found.heads == ["model", "predictions", "trained on"]
    assert found.rows[1] == ["", "x/theirs.csv", "unknown"]
    assert values(found, "demo")[1] == pytest.approx(auc_of(theirs)) and values(found, "demo")[2] is None
    cell = found.columns[0].cells[1]
    assert cell and cell.marks == ("u",)
    assert [each.name for each in found.columns[:2]] == ["demo", "others.csv"]


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    train(tmp_path / "sweep" / "0", 0, "model=meso4")
    assert len(read_results([tmp_path, tmp_path / "sweep"])) == 1


def test_what_tested_nothing_is_named_and_what_lacks_scores_has_a_number_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match="nothing is not a folder: give folders of runs"):
        read_results([tmp_path / "nothing"])
    with pytest.raises(ConfigError, match="names no folder"):
        read_results([])
    train(tmp_path / "0", 0, "model=a", metrics={"val/video/auc": 0.5})
    with caplog.at_level("INFO"):
        assert read_results([tmp_path]) == []
    assert "has tested nothing, and is left out" in caplog.text
    tables = [train(tmp_path / name, i, f"model={name}") for i, name in enumerate("bc")]
    (tmp_path / "b" / "predictions.csv").unlink()
    found = built(tmp_path)
    assert "b has no scores of videos" in caplog.text
    assert values(found, "demo") == pytest.approx([*map(auc_of, tables)])
    first, second = found.columns[0].cells
    assert first and second and np.isnan(first.estimate.low) and not np.isnan(second.estimate.low)
    assert not first.best and not second.best
    assert "demo is not marked: some runs have no scores of videos to compare" in found.notes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", "{"),
        ("metrics.json", '{"a": 1}'),
        ("metrics.json", "[]"),
        ("metrics.json", '{"data": [], "metrics": [], "overrides": ["a=1"]}'),
        ("predictions.csv", ""),
    ],
)
def test_a_broken_result_is_left_out_and_the_others_count(
    name: str, content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(tmp_path / "0", 0)
    train(tmp_path / "1", 1, seed=1)
    (tmp_path / "0" / name).write_text(content)
    assert [result.seed for result in read_results([tmp_path])] == ["1"]
    assert leaderboards([tmp_path]) == []
    assert "0 cannot be read, and is left out (" in caplog.text


def test_a_training_without_a_corpus_has_no_place_on_a_leaderboard(tmp_path: Path) -> None:
    train(tmp_path / "0", 0)
    (tmp_path / "0" / "metrics.json").write_text('{"data": {}, "metrics": {"val/video/auc": 0.5}, "overrides": []}')
    assert read_results([tmp_path]) == [] and leaderboards([tmp_path]) == []


def test_val_has_a_column_of_its_own_that_no_mean_has(tmp_path: Path) -> None:
    table = train(tmp_path / "run", 0)
    val = evaluate(tmp_path / "val", 5, tmp_path / "run", split="val")
    other = evaluate(tmp_path / "b", 6, tmp_path / "run", corpus="demo_b")
    found = built(tmp_path)
    assert values(found, "demo val") == pytest.approx([auc_of(val)])
    assert values(found, "mean") == pytest.approx([(auc_of(table) + auc_of(other)) / 2])
    assert "pooled and mean are of test splits alone" in found.notes


def test_another_epoch_than_the_best_has_a_row_of_its_own(tmp_path: Path) -> None:
    train(tmp_path / "run", 0)
    write_run(tmp_path / "early", 5, checkpoint=str(tmp_path / "run" / "checkpoints" / "epoch_001.ckpt"))
    found = built(tmp_path)
    assert found.heads[0] == "checkpoint" and {row[0] for row in found.rows} == {"epoch_001.ckpt", ""}


def test_a_checkpoint_that_no_training_left_is_known_by_its_path(tmp_path: Path) -> None:
    train(tmp_path / "run", 0)
    write_run(tmp_path / "imported", 5, checkpoint=str(tmp_path / "meso4_df.ckpt"))
    assert str(tmp_path / "meso4_df.ckpt") in {row[0] for row in built(tmp_path).rows}


@pytest.mark.parametrize("relative", [True, False])
def test_a_training_is_one_however_its_checkpoint_was_given(
    relative: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train(Path("run"), 3)
    checkpoint = Path("run") / "checkpoints" / "best.ckpt"
    write_run(Path("test"), 5, corpus="demo_b", checkpoint=str(checkpoint if relative else checkpoint.resolve()))
    found = built(Path("run"), tmp_path / "test", Path())
    assert found.seeds == [1] and all(cell and cell.num_runs == 1 for each in found.columns for cell in each.cells)


def test_the_order_of_options_and_those_that_change_no_number_make_no_row(tmp_path: Path) -> None:
    train(tmp_path / "0", 0, "model=meso4", "optimizer.lr=0.1", "notes=first", "loader.num_workers=2")
    options = "optimizer.lr=0.1", "model=meso4", "resume=a.ckpt", "logger=csv", "paths.data_dir=x"
    train(tmp_path / "1", 1, *options, seed=1)
    assert built(tmp_path).seeds == [2]


def test_a_run_that_only_measured_is_an_evaluation(tmp_path: Path) -> None:
    train(tmp_path / "run", 0, "model=meso4")
    resume = f"resume={tmp_path / 'run' / 'checkpoints' / 'best.ckpt'}"
    write_run(tmp_path / "measured", 1, corpus="demo_b", seed=7, overrides=["model=meso4", "train=false", resume])
    assert built(tmp_path).seeds == [1]


def test_two_results_in_one_place_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = train(tmp_path / "a", 0)
    train(tmp_path / "b", 0)
    built(tmp_path)
    assert "have the same options and seed: both count in the mean" in caplog.text
    evaluate(tmp_path / "c", 5, tmp_path / "a")
    found = built(tmp_path / "a", tmp_path / "c")
    assert "test one checkpoint on the same videos: only the first counts" in caplog.text
    assert values(found, "demo") == pytest.approx([auc_of(first)])


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


def test_a_column_without_a_class_is_undefined(tmp_path: Path) -> None:
    train(tmp_path / "0", 0)
    path = tmp_path / "0" / "predictions.csv"
    pd.read_csv(path).query("label == 1").to_csv(path, index=False)
    cell = built(tmp_path).columns[0].cells[0]
    assert cell and np.isnan(cell.estimate.value) and "both classes" in cell.estimate.note
