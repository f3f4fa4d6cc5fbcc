"""Training, evaluation and prediction give one checkpoint and one set of videos the same numbers, to the last bit."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from deepfake.checkpoints.card import upgraded
from deepfake.checkpoints.scoring_rule import AGGREGATE, CARRIED, CLIPS, MAIN_FACE, TRACKS, settled_rule
from deepfake.errors import CheckpointError, ConfigError
from deepfake.report.results import video_table
from deepfake.scoring import ScoringRule
from tests.conftest import SMALL_DEMO, TINY, Run
from tests.run.test_evaluate import assert_the_same_numbers


def of_videos(predictions: Path, aggregate: str) -> dict[str, float]:
    table = video_table(pd.read_csv(predictions), aggregate)
    return dict(zip(table["video_id"], table["score"], strict=True))


@pytest.mark.parametrize(
    "options",
    [
        ["model=meso4", "loader.batch_size=8", "sampling.eval_clips_per_track=3"],
        [
            "model=meso4",
            "loader.batch_size=7",
            "sampling.eval_clips_per_track=null",
            "data.tracks=all",
            "aggregate=top_3",
        ],
        pytest.param(["model=meso4_lstm", "loader.batch_size=3"], marks=pytest.mark.slow),
        pytest.param(
            ["model=effnet", "model.backbone.name=efficientnet_b0", "model.backbone.pretrained=false", "model.size=64"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda options: " ".join(options[:1] + options[-1:]),
)
def test_train_evaluate_and_predict_agree_to_the_last_bit(
    options: list[str], script: Run, demo_root: Path, tmp_path: Path
) -> None:
    assert script("train", *TINY, "trainer.max_epochs=1", *options, "hydra.run.dir=trained") == 0
    checkpoint = f"checkpoint={tmp_path / 'trained' / 'checkpoints' / 'best.ckpt'}"
    assert script("evaluate", *SMALL_DEMO, checkpoint, "loader.batch_size=32", "hydra.run.dir=evaluated") == 0
    trained, evaluated = (tmp_path / name for name in ("trained", "evaluated"))
    assert (trained / "predictions.csv").read_bytes() == (evaluated / "predictions.csv").read_bytes()
    theirs, ours = (json.loads((folder / "metrics.json").read_text()) for folder in (trained, evaluated))
    assert_the_same_numbers(ours["metrics"], theirs["metrics"], "test/")
    assert ours["scoring"] == theirs["scoring"] and ours["scoring_unlike_checkpoint"] == {}

    expected = of_videos(trained / "predictions.csv", theirs["scoring"]["aggregate"])
    assert theirs["scoring"]["aggregate"] == ("top_3" if "aggregate=top_3" in options else "mean")
    for video_id in expected:
        (tmp_path / "input" / video_id).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "input" / f"{video_id}.mp4").symlink_to(demo_root / f"{video_id}.mp4")
    own_faces = "tracks=checkpoint"  # where the second face of a file scores higher, tracks=all tells another score
    options = [f"input={tmp_path / 'input'}", "loader.batch_size=5", own_faces, "output=predicted"]
    assert script("predict", checkpoint, *options) == 0
    table = pd.read_csv(tmp_path / "predicted" / "predictions.csv")
    ids = [Path(path).relative_to(tmp_path / "input").with_suffix("").as_posix() for path in table["path"]]
    assert dict(zip(ids, table["score"], strict=True)) == expected


def test_an_evaluation_by_another_rule_says_so(
    one_epoch: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = f"checkpoint='{one_epoch / 'checkpoints' / 'best.ckpt'}'"
    asked = ["data.tracks=all", "sampling.eval_clips_per_track=null", "aggregate=mean_logit", "hydra.run.dir=out"]
    assert script("evaluate", *SMALL_DEMO, checkpoint, *asked) == 0
    content = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert content["scoring"] == {
        "clips_per_track": None,
        "tracks": "all",
        "main_face": "largest",
        "aggregate": "mean_logit",
        "aggregation": "sigmoid of the mean of the logits of the clips of a track, highest of the tracks",
    }
    assert content["scoring_unlike_checkpoint"] == {
        CLIPS: {"here": None, "checkpoint": 2},
        TRACKS: {"here": "all", "checkpoint": "main"},
        AGGREGATE: {"here": "mean_logit", "checkpoint": "mean"},
    }
    written = pd.read_csv(tmp_path / "out" / "videos.csv").dropna(subset="score")
    expected = of_videos(tmp_path / "out" / "predictions.csv", "mean_logit")
    assert dict(zip(written["video_id"], written["score"], strict=True)) == pytest.approx(expected, rel=1e-15)
    shown = "".join(capfd.readouterr())
    assert "aggregate is mean_logit, but mean in the checkpoint" in shown
    assert "data.tracks is all, but main in the checkpoint" in shown
    assert "sampling.eval_clips_per_track is null, but 2 in the checkpoint" in shown
    card = torch.load(one_epoch / "checkpoints" / "best.ckpt", weights_only=True)["deepfake"]
    assert card["scoring"]["clips_per_track"] == 2


AS_IS = {CLIPS: CARRIED, TRACKS: CARRIED, MAIN_FACE: CARRIED, AGGREGATE: CARRIED}


def test_a_card_of_before_rules_were_noted_has_them_in_its_config() -> None:
    config = {"loader": {"eval_clips_per_video": 5}, "data": {"tracks": "all", "main_face": "changed"}}
    assert settled_rule(upgraded({"config": config}), AS_IS, "a.ckpt") == (ScoringRule(5, "all", "changed"), {})
    assert settled_rule({"config": {"weights": "a.h5"}}, AS_IS, "a.ckpt") == (ScoringRule(), {})


@pytest.mark.parametrize(
    "noted", ["main", {}, {"clips_per_track": "many", "tracks": "main", "main_face": "largest"}, [1]]
)
def test_a_cards_rule_that_is_none_is_refused(noted: object) -> None:
    with pytest.raises(CheckpointError, match=r"a\.ckpt has an invalid scoring rule"):
        settled_rule({"scoring": noted}, AS_IS, "a.ckpt")


@pytest.mark.parametrize(
    ("option", "value"), [(CLIPS, 0), (CLIPS, True), (CLIPS, "x"), (TRACKS, "some"), (MAIN_FACE, None)]
)
def test_an_option_that_is_no_choice_is_refused(option: str, value: object) -> None:
    shown = "null" if value is None else "true" if value is True else repr(value)
    with pytest.raises(ConfigError, match=f"{option} is {shown}: "):
        settled_rule({}, {**AS_IS, option: value}, "a.ckpt")
