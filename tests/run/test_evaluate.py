"""A checkpoint on a corpus: the numbers of the training run's own test, and what is said of the data."""

import json
import logging
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.checkpoints.data_card import compare_content, compare_listing, require_fingerprint
from deepfake.corpora import Listing
from deepfake.corpora.splits import fingerprint
from deepfake.evaluation import best_aggregate
from deepfake.report.matrix import read_results
from deepfake.schema import Label, Split, Video
from tests.conftest import SMALL_DEMO, Run

COMMON = ["loader.num_workers=0", "loader.batch_size=8", "sampling.eval_clips_per_track=2", "extract.num_workers=1"]


def numbers(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def assert_the_same_numbers(ours: dict, theirs: dict, prefix: str, error: float = 0.0) -> None:
    """Stop unless a training's metrics are among those of an evaluation, which leaves a ratio of 0 to 0 undefined."""
    expected = {key: value for key, value in theirs.items() if key.startswith(prefix)}
    assert len(expected) > 15 and ours.keys() > expected.keys()
    for key, value in expected.items():
        allowed = max(error, 1e-14) if key.endswith("log_loss") else error  # an evaluation adds up people first
        undefined = ours[key] is None and key.endswith(("precision", "recall", "f1"))
        same = (
            value in (0, None) if undefined or value is None else ours[key] == pytest.approx(value, abs=allowed, rel=0)
        )
        assert same, (key, ours[key], value)


def test_the_numbers_are_those_of_the_training_runs_test(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    theirs = numbers(one_epoch)
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    expect = f"expect_fingerprint='{theirs['data']['fingerprint']}'"
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint, expect, "hydra.run.dir=out") == 0
    out = tmp_path / "out"
    ours = numbers(out)
    assert_the_same_numbers(ours["metrics"], theirs["metrics"], "test/")
    pd.testing.assert_frame_equal(pd.read_csv(out / "predictions.csv"), pd.read_csv(one_epoch / "predictions.csv"))
    assert ours["data"]["fingerprint"] == ours["trained_on"]["fingerprint"]
    reals = ours["data"]["reals"]["test"].split()
    assert len(reals) >= ours["data"]["coverage"]["test"]["scored_real"] > 0 and all(len(each) == 12 for each in reals)
    assert reals == theirs["data"]["reals"]["test"].split() == ours["trained_on"]["reals"]["test"].split()
    assert (out / "roc.png").exists() and (out / "scores.png").exists()
    for name in ("numbers.csv", "videos.csv"):
        assert (out / name).read_bytes() == (one_epoch / name).read_bytes()
    pages = [(folder / "report.html").read_text() for folder in (one_epoch, out)]
    assert ["meso4, tested on demo" in pages[0], "meso4 trained on demo, tested on demo" in pages[1]] == [True, True]
    assert ["Loss by epoch" in page for page in pages] == [True, False]
    wrong = pd.read_csv(out / "videos.csv").dropna(subset=["score"]).query("(score > 0.5) != (label == 1)")
    assert len(wrong) <= 12
    for page in pages:
        alone = re.search(r"(\d+) fakes? ha\w+ no real beside", page)
        pairs = wrong["label"].sum() - (int(alone[1]) if alone else 0)
        assert pairs > 0 and page.count("fake minus real, 8 times enlarged, around grey</figcaption>") == pairs
        assert page.count("data:image/jpeg") == len(wrong) + 2 * pairs  # a fake, its real and their difference
    shown = capfd.readouterr().out
    assert "same videos, labels and splits as in the training run" in shown and "metrics.json" in shown


def test_several_checkpoints_are_tested_on_the_same_videos_and_compared(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    best = one_epoch / "checkpoints" / "best.ckpt"
    shutil.copy(best, tmp_path / "copy.ckpt")
    both = f"checkpoint=['{best}',copy.ckpt]"
    assert script("evaluate", *COMMON, *SMALL_DEMO, both, "hydra.run.dir=out") == 0
    for index in ("0", "1"):
        assert numbers(tmp_path / "out" / index)["metrics"]["test/video/auc"] == pytest.approx(
            numbers(one_epoch)["metrics"]["test/video/auc"], abs=1e-14
        )
    table = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("metric")
    assert [*table.loc["auc", ["first", "second", "difference"]]] == ["0: meso4", "1: meso4", 0]
    assert table.loc["auc", "p_value"] == 1
    assert "difference of the AUC" in capfd.readouterr().out
    for wrong, message in (
        (f"checkpoint=['{best}','{best}']", "twice: give each once"),
        (f"checkpoint=['{best}',none.ckpt]", "checkpoint none.ckpt does not exist"),
        ("checkpoint=[]", "checkpoint is []: give"),
    ):
        assert script("evaluate", *COMMON, *SMALL_DEMO, wrong, "hydra.run.dir=wrong") == 1
        assert message in capfd.readouterr().err
        assert not (tmp_path / "wrong" / "0").exists()


def test_another_split(one_epoch: Path, script: Run, tmp_path: Path) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint, "split=val", "hydra.run.dir=out") == 0
    assert_the_same_numbers(numbers(tmp_path / "out")["metrics"], numbers(one_epoch)["metrics"], "val/", 1e-6)


def test_all_faces_of_a_video_or_the_main_one(one_epoch: Path, script: Run, tmp_path: Path) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    for tracks, expected in (("main", {0}), ("all", {0, 1})):
        arguments = [checkpoint, f"data.tracks={tracks}", f"hydra.run.dir={tracks}"]
        assert script("evaluate", *COMMON, *SMALL_DEMO, *arguments) == 0
        clips = pd.read_csv(tmp_path / tracks / "predictions.csv")
        assert set(clips.loc[clips["video_id"] == "extra/two_people", "track"]) == expected


def test_a_sweep_of_evaluations_ends_with_a_table_of_what_was_measured(
    one_epoch: Path, script: Run, tmp_path: Path
) -> None:
    arguments = [f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'", "split=test", "data.tracks=main,all"]
    assert script("evaluate", "-m", *COMMON, *SMALL_DEMO, *arguments, "hydra.sweep.dir=sweep") == 0
    table = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    metrics = ["test/video/auc", "test/video/eer", "test/video/accuracy"]
    assert table.columns.tolist() == ["job", "overrides", *metrics, "state"]
    assert sorted(table["job"]) == [0, 1]


def test_another_corpus(
    one_epoch: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its test split alone is extracted, by the checkpoint's recipe."""
    for split in ("train", "test"):
        for label, clip in (("real", "real/p04_a"), ("fake", "faceswap/p04_p05")):
            path = tmp_path / "mine" / split / label / "a.mp4"
            path.parent.mkdir(parents=True)
            shutil.copyfile(demo_root / f"{clip}.mp4", path)
    arguments = [f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'", "data=folder", f"data.root={tmp_path}/mine"]
    arguments += [f"paths.faces_dir={tmp_path / 'faces'}", "hydra.run.dir=out"]
    assert script("evaluate", *COMMON, *arguments) == 0
    assert numbers(tmp_path / "out")["data"]["coverage"]["test"]["scored"] == 2
    (table,) = (tmp_path / "faces").glob("folder/mtcnn-2x8-*/videos.csv")
    assert pd.read_csv(table)["video_id"].tolist() == ["test/fake/a", "test/real/a"]
    assert re.search(r"cross-dataset: trained on demo.*tested on folder", capfd.readouterr().out)


@pytest.mark.slow
def test_the_other_generated_corpus_and_one_method_of_it(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    arguments = [checkpoint, "data=demo_b", *SMALL_DEMO, "data.test_methods=[flicker]"]
    arguments += [f"data.root={tmp_path / 'demo_b'}", f"paths.faces_dir={tmp_path / 'faces'}", "hydra.run.dir=out"]
    assert script("evaluate", *COMMON, *arguments) == 0
    data = numbers(tmp_path / "out")["data"]
    assert data["methods"] == {"test": {"flicker": 2}}
    assert data["coverage"]["test"]["videos"] == 6
    assert re.search(r"cross-dataset: trained on demo.*tested on demo_b", capfd.readouterr().out)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("data.methods=[swap]", "data.methods names swap, but the methods of this corpus are faceswap, flicker,"),
        ("expect_fingerprint=0123456789abcdef", "expect_fingerprint=0123456789abcdef, but demo has the fingerprint"),
        ("expect_fingerprint=1234567890123e45", "expect_fingerprint is 1.234567890123e+57: give 16 digits, 0 to 9 and"),
        ("split=dev", "split is 'dev': choose one of train, val, test"),
        ("data.tracks=first", "data.tracks is 'first': choose one of main, all"),
    ],
)
def test_a_mistake_is_one_clear_line(
    argument: str, message: str, one_epoch: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint, argument) == 1
    error = capfd.readouterr().err
    assert f"error: {message}" in error and "Traceback" not in error


LISTING = Listing((Video("a", Path("a.mp4"), Label.REAL, Split.TEST),))


@pytest.mark.parametrize(
    ("trained_on", "level", "words"),
    [
        (("mine", fingerprint(LISTING.videos)), logging.INFO, "same videos, labels and splits as in the training run"),
        (("mine", "beef"), logging.WARNING, "trained on mine, protocol official, fingerprint beef; tested on mine"),
        (("other", "beef"), logging.INFO, "cross-dataset: trained on other"),
    ],
)
def test_what_is_said_of_the_data(
    trained_on: tuple[str, str], level: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    corpus, known = trained_on
    compare_listing({"corpus": corpus, "protocol": "official", "fingerprint": known}, "mine", LISTING)
    (record,) = caplog.records
    assert record.levelno == level and words in record.getMessage()


@pytest.mark.parametrize(("then", "warned"), [({"test": "beef"}, True), ({"test": "cafe"}, False), ({}, False)])
def test_other_files_under_the_same_names_are_told(
    then: dict[str, str], warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    trained = {"corpus": "mine", "fingerprint": "f", "content": then}
    compare_content(trained, {"corpus": "mine", "fingerprint": "f", "content": {"test": "cafe"}})
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * warned
    if warned:
        assert "the test files differ from those of the training run" in caplog.text


def test_a_fingerprint_may_be_left_out_or_be_right() -> None:
    require_fingerprint(None, "mine", LISTING)
    require_fingerprint(fingerprint(LISTING.videos), "mine", LISTING)


def test_the_way_from_clips_to_videos_is_chosen_on_val(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    given = [*COMMON, *SMALL_DEMO, checkpoint, "aggregate=best"]
    assert script("evaluate", *given, "hydra.run.dir=out") == 0
    content, table = numbers(tmp_path / "out"), pd.read_csv(tmp_path / "out" / "aggregation.csv")
    chosen = content["chosen_on_val"]["aggregate"]
    assert content["scoring"]["aggregate"] == chosen == best_aggregate(table)
    table = table.set_index("aggregate")
    assert table.at["mean", "val_auc"] == pytest.approx(numbers(one_epoch)["metrics"]["val/video/auc"], abs=1e-6)
    assert table.at[chosen, "test_auc"] == pytest.approx(content["metrics"]["test/video/auc"], abs=1e-14)
    assert "Aggregation, chosen on val" in capfd.readouterr().out
    assert script("evaluate", *given, "split=val", "hydra.run.dir=val") == 1
    assert "split=val would measure the rule on what it was chosen on" in capfd.readouterr().err


def test_another_rule_that_val_chose_is_used_and_said(
    one_epoch: Path, script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("deepfake.run.prepared_test.best_aggregate", lambda table: "max")
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    assert script("evaluate", *COMMON, *SMALL_DEMO, checkpoint, "aggregate=best", "hydra.run.dir=out") == 0
    content, clips = numbers(tmp_path / "out"), pd.read_csv(tmp_path / "out" / "predictions.csv")
    of_videos = clips.groupby("video_id")
    expected = roc_auc_score(of_videos["label"].first(), of_videos["score"].max())
    assert content["metrics"]["test/video/auc"] == pytest.approx(expected, abs=1e-14)
    assert content["scoring_unlike_checkpoint"]["aggregate"] == {"here": "max", "checkpoint": "mean"}
    assert content["chosen_on_val"]["coverage"]["scored"] > 0
    assert "aggregate=best is max, by the videos of val; in the checkpoint it is mean" in "".join(capfd.readouterr())
    # By another rule, the same detector has a row of its own in the matrix.
    results = read_results([tmp_path / "out", one_epoch])
    assert ["aggregate=max" in result.options for result in results] == [True, False]
    videos = results[0].videos
    assert videos is not None and roc_auc_score(videos["label"], videos["score"]) == pytest.approx(expected, abs=1e-14)
