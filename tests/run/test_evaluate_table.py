"""`evaluate.py predictions=`: the numbers of a table alone, as a person calls it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.conftest import Run


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    rows = [[f"a/{i}", i % 2, ("real", "swap")[i % 2], (i * 7 % 11) / 11, "hm"] for i in range(20)]
    found = pd.DataFrame(rows, columns=["name", "label", "method", "score", "note"])
    found.to_csv(tmp_path / "theirs.csv", index=False)
    return found


def test_a_table_of_others_becomes_a_whole_folder(
    table: pd.DataFrame, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ["predictions=theirs.csv", "columns.video_id=name", "split=val", "hydra.run.dir=out"]
    assert script("evaluate", *given) == 0
    out, shown = tmp_path / "out", capfd.readouterr().out
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "metrics.json",
        "predictions.csv",
        "numbers.csv",
        "videos.csv",
        "scores.png",
        "roc.png",
        "report.html",
    }
    content = json.loads((out / "metrics.json").read_text())
    assert content["metrics"]["val/video/auc"] == pytest.approx(roc_auc_score(table["label"], table["score"]))
    assert content["metrics"]["val/video/coverage"] == 1 and content["data"]["scores"] == "probability"
    assert content["data"]["columns"]["video_id"] == "name" and content["missing"] == "exclude"
    assert "val 20 videos (10 real, 10 fake)" in shown and "columns that are not used: 'note'" in shown

    # What it wrote is a table of its own, whose numbers are the same to the last bit.
    assert script("evaluate", "predictions=out/predictions.csv", "split=val", "hydra.run.dir=again") == 0
    pd.testing.assert_frame_equal(pd.read_csv(out / "numbers.csv"), pd.read_csv(tmp_path / "again" / "numbers.csv"))


def test_a_runs_own_predictions_give_the_runs_own_numbers(one_epoch: Path, script: Run, tmp_path: Path) -> None:
    assert script("evaluate", f"predictions='{one_epoch / 'predictions.csv'}'", "hydra.run.dir=out") == 0
    ours = json.loads((tmp_path / "out" / "metrics.json").read_text())["metrics"]
    theirs = json.loads((one_epoch / "metrics.json").read_text())["metrics"]
    for name in ("auc", "ap", "eer", "accuracy"):
        assert ours[f"test/video/{name}"] == theirs[f"test/video/{name}"]
        assert ours[f"test/clip/{name}"] == theirs[f"test/clip/{name}"]
    # The videos are summed in another order.
    assert ours["test/video/log_loss"] == pytest.approx(theirs["test/video/log_loss"], rel=1e-14)


def test_videos_without_a_score_are_counted_bounded_and_can_be_too_many(
    table: pd.DataFrame, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table.assign(score=table["score"].where(table.index > 3)).to_csv(tmp_path / "gaps.csv", index=False)
    given = ["predictions=gaps.csv", "columns.video_id=name"]
    for rule, value in (("exclude", None), ("0.5", 0.5), ("real", 0.0)):
        assert script("evaluate", *given, f"missing={rule}", f"hydra.run.dir={rule}") == 0
        content = json.loads((tmp_path / rule / "metrics.json").read_text())
        filled = table.assign(score=table["score"].where(table.index > 3, value)).dropna()
        assert content["metrics"]["test/video/auc"] == pytest.approx(roc_auc_score(filled["label"], filled["score"]))
        assert content["metrics"]["test/video/coverage"] == 0.8 and len(content["bounds"]["auc"]) == 2
    assert (
        "4 videos without a score are counted as certain reals (missing=real); whatever they had got, auc"
        in " ".join(capfd.readouterr().out.split())
    )
    assert script("evaluate", *given, "min_coverage=0.9", "hydra.run.dir=out") == 1
    assert (
        "error: 16 of 20 videos of predictions=gaps.csv have a score, 80.0%, and min_coverage=0.9"
        in capfd.readouterr().err
    )
    assert not (tmp_path / "out" / "metrics.json").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["predictions=theirs.csv"], "has no column 'video_id'; it has 'name', 'label'"),
        (["predictions=nothing.csv"], "nothing.csv is missing; predictions= wants a CSV"),
        (["checkpoint=a.ckpt", "scores=logit"], "beside checkpoint=, no effect has scores"),
        (["checkpoint=a.ckpt", "columns.group=side"], "beside checkpoint=, no effect has columns.group"),
        (["checkpoint=a.ckpt", "distort=GB", "missing=fake"], "missing=fake has no effect on distorted frames"),
        (
            ["predictions=theirs.csv", "checkpoint=a.ckpt"],
            "give either checkpoint=, to test a detector, or predictions=",
        ),
        ([], "give either checkpoint=, to test a detector, or predictions="),
        (
            ["predictions=theirs.csv", "data=demo_b", "device=cpu"],
            "beside predictions=, no effect has data, device: leave it out",
        ),
        (["predictions=theirs.csv", "missing=zero"], "missing is 'zero': choose one of exclude, real, fake"),
        (["predictions=theirs.csv", "missing=1.5"], "missing is 1.5"),
        (["predictions=theirs.csv", "min_coverage=2"], "min_coverage is 2"),
        (["predictions=theirs.csv", "scores=logits"], "scores is 'logits': choose one of probability, logit"),
        (["predictions=theirs.csv", "columns.video=name"], "columns.video"),
    ],
)
def test_a_mistake_is_one_clear_line(
    table: pd.DataFrame, script: Run, capfd: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    assert script("evaluate", *given) == 1
    error = capfd.readouterr().err
    assert message in error and "Traceback" not in error
    assert len([line for line in error.splitlines() if line.startswith("error:")]) == 1


def test_a_table_of_clips_is_aggregated_as_asked(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clips = pd.DataFrame({"video_id": [i // 3 for i in range(60)], "clip": [i % 3 for i in range(60)]})
    clips = clips.assign(label=clips["video_id"] % 2, score=[(i * 17 % 31) / 31 for i in range(60)])
    clips.to_csv(tmp_path / "clips.csv", index=False)
    of_videos = clips.groupby("video_id")
    expected = {"checkpoint": of_videos["score"].mean(), "max": of_videos["score"].max()}
    for aggregate, score in expected.items():
        folder = tmp_path / aggregate
        given = ["predictions=clips.csv", f"aggregate={aggregate}", f"hydra.run.dir={folder}"]
        assert script("evaluate", *given) == 0
        content = json.loads((folder / "metrics.json").read_text())
        assert content["metrics"]["test/video/auc"] == pytest.approx(roc_auc_score(of_videos["label"].first(), score))
        assert content["scoring"]["aggregate"] == aggregate.replace("checkpoint", "mean")
    assert script("evaluate", "predictions=clips.csv", "aggregate=best") == 1
    assert "aggregate=best chooses on val, and a table is of one split" in capfd.readouterr().err
    assert script("evaluate", "predictions=clips.csv", "aggregate=top_0") == 1
    assert "aggregate is 'top_0': give mean, median, max, top_3 (or another number)" in capfd.readouterr().err
    clips.drop_duplicates("video_id").drop(columns="clip").to_csv(tmp_path / "videos.csv", index=False)
    assert script("evaluate", "predictions=videos.csv", "aggregate=max") == 1
    assert "aggregate=max has no effect on predictions=videos.csv, which has one row a video" in capfd.readouterr().err
