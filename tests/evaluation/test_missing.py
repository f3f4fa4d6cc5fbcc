"""Videos without a score: what they count as, and the numbers that they could have changed."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from deepfake.errors import ConfigError
from deepfake.evaluation import (
    Missing,
    evaluate_scores,
    require_coverage,
    with_unscored,
)
from deepfake.evaluation.missing import bounds, counted
from deepfake.report.results import video_table
from deepfake.schema import Label, Split, Video
from tests.evaluation.clips import made_up


def without(clips: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return the clips, of which these videos have one row each that has no score."""
    absent = clips["video_id"].isin(names)
    empty = clips[absent].drop_duplicates("video_id").assign(score=np.nan)
    return pd.concat([clips[~absent], empty], ignore_index=True)


@pytest.mark.parametrize(("rule", "score"), [("exclude", None), ("real", 0.0), ("fake", 1.0), (0.5, 0.5), (0.25, 0.25)])
def test_videos_without_a_score_count_as_the_rule_says(rule: object, score: float | None) -> None:
    clips = without(made_up(), "v000", "v001", "v002")
    outcome = evaluate_scores(clips, rule, 0)  # type: ignore[arg-type]
    videos = clips.groupby(["video_id", "label"], as_index=False)["score"].mean()
    kept = videos.dropna() if score is None else videos.fillna({"score": score})
    assert outcome.metrics("test")["test/video/auc"] == pytest.approx(roc_auc_score(kept["label"], kept["score"]))
    assert outcome.counts() == {"videos": 24, "scored": 21, "scored_real": 7, "scored_fake": 14}
    assert f"missing={rule}" in outcome.caption()
    assert outcome.facts()["missing"] == rule


def test_bounds_hold_whatever_the_missing_scores_are() -> None:
    clips = without(made_up(), "v000", "v001", "v002")
    outcome = evaluate_scores(clips, "exclude", 0)
    low, high = outcome.bounds["auc"]
    draw, found = np.random.default_rng(0), []
    for _ in range(300):
        videos = outcome.videos.copy()
        absent = videos["score"].isna()
        videos.loc[absent, "score"] = draw.choice([0.0, 1.0, draw.random()], int(absent.sum()))
        found.append(roc_auc_score(videos["label"], videos["score"]))
    assert low <= min(found) and max(found) <= high
    assert low == pytest.approx(min(found)) and high == pytest.approx(max(found))  # extremes were among them
    assert bounds(outcome.videos) == outcome.bounds
    assert f"auc {low:.3f} to {high:.3f}" in outcome.caption()


def test_all_videos_scored_needs_no_words() -> None:
    outcome = evaluate_scores(made_up(), "exclude", 0)
    assert outcome.caption() == "" and outcome.bounds == {}


def test_too_low_a_coverage_is_an_error_with_its_share() -> None:
    require_coverage(9, 10, 0.9, "x")
    with pytest.raises(
        ConfigError, match=r"8 of 10 videos of x have a score, 80\.0%, and min_coverage=0\.9 asks for more"
    ):
        require_coverage(8, 10, 0.9, "x")


def test_no_video_with_a_score_is_undefined_and_no_crash() -> None:
    clips = made_up().drop_duplicates("video_id").assign(score=np.nan)
    outcome = evaluate_scores(clips, "exclude", 0)
    assert all(math.isnan(number) for number in outcome.metrics("test").values())
    assert len(counted(outcome.videos, "exclude")) == 0


def test_a_video_without_a_clip_has_a_row_of_its_own() -> None:
    videos = [Video(name, Path(name), Label.FAKE, Split.TEST, method="swap") for name in ("a", "b")]
    clips = pd.DataFrame(
        [["a", 1, "swap", 0, 8, 0.75]], columns=["video_id", "label", "method", "track", "start", "score"]
    )
    found = video_table(with_unscored(clips, videos))
    assert found["video_id"].tolist() == ["a", "b"] and found["label"].tolist() == [1, 1]
    assert found["score"].tolist()[0] == 0.75 and math.isnan(found["score"].tolist()[1])
    assert with_unscored(clips, videos[:1]) is clips


@pytest.mark.parametrize("rule", ["exclude", "fake"])
def test_whether_there_are_numbers_of_clips_does_not_hang_on_their_count(rule: Missing) -> None:
    columns = ["video_id", "label", "track", "score"]
    clips = pd.DataFrame([["a", 1, 0, 0.9], ["a", 1, 0, 0.8], ["b", 0, 0, np.nan]], columns=columns)
    assert set(evaluate_scores(clips, rule, 0).numbers["level"]) == {"video", "clip"}
    videos = pd.DataFrame([["a", 1, 0, 0.9], ["b", 0, 0, 0.2], ["c", 1, 0, np.nan]], columns=columns)
    assert set(evaluate_scores(videos, rule, 0).numbers["level"]) == {"video"}


def test_a_method_without_a_scored_video_keeps_its_rows() -> None:
    clips = made_up()
    names = clips.loc[clips["method"] == "swap", "video_id"].unique()
    numbers = evaluate_scores(without(clips, *names), "exclude", 0).numbers
    lost = numbers[numbers["part"] == "swap"]
    assert set(lost["num_fake"]) == {0} and set(lost.loc[lost["level"] == "video", "num_real"]) == {8}
    assert lost.set_index("metric").loc["auc", "note"].iloc[0] == "it needs both classes, and all are real"
    assert "reenact" in set(numbers["part"])
