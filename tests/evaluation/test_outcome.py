"""Numbers of an evaluation against scikit-learn, videos without a score, and what is resampled."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from deepfake.calibration import fit_calibration
from deepfake.calibration.thresholds import suffix_of
from deepfake.errors import ConfigError
from deepfake.evaluation import (
    Missing,
    evaluate_scores,
    numbers_table,
    require_coverage,
    show_numbers,
    with_people,
    with_unscored,
)
from deepfake.evaluation.missing import bounds, counted
from deepfake.evaluation.table import COLUMNS, parts
from deepfake.report.independent import resampled
from deepfake.report.results import video_table
from deepfake.schema import Label, Split, Video
from tests.calibration.drawn import drawn_videos


def made_up(seed: int = 0, num_videos: int = 24) -> pd.DataFrame:
    """Return clips of videos with unequal numbers of clips, two methods, two groups, and eight people."""
    draw, rows = np.random.default_rng(seed), []
    for video in range(num_videos):
        method = ("real", "swap", "reenact")[video % 3]
        for _ in range(1 + video % 4):
            score = 1 / (1 + math.exp(-draw.normal(1.0 if method != "real" else -1.0, 1.5)))
            rows.append(
                [
                    f"v{video:03}",
                    int(method != "real"),
                    method,
                    0,
                    score,
                    ("c23", "c40")[video // 3 % 2],
                    f"p{video // 3}",
                ]
            )
    return pd.DataFrame(rows, columns=["video_id", "label", "method", "track", "score", "group", "person"])


def value(numbers: pd.DataFrame, level: str, metric: str, part: str = "") -> float:
    chosen = (numbers["level"] == level) & (numbers["metric"] == metric) & (numbers["part"] == part)
    (found,) = numbers.loc[chosen, "value"]
    return float(found)


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_those_of_scikit_learn_at_both_levels_and_of_every_part(seed: int) -> None:
    clips = made_up(seed)
    numbers = evaluate_scores(clips, "exclude", 0).numbers
    assert list(numbers) == COLUMNS
    videos = clips.groupby(["video_id", "label", "method", "group"], as_index=False)["score"].mean()
    references = {"auc": roc_auc_score, "ap": average_precision_score, "brier": brier_score_loss}
    for level, table in (("clip", clips), ("video", videos)):
        chosen = {
            "": table,
            "swap": table[table["method"].isin(["swap", "real"])],
            "c40": table[table["group"] == "c40"],
        }
        for part, own in chosen.items():
            for metric, reference in references.items():
                assert value(numbers, level, metric, part) == pytest.approx(
                    reference(own["label"], own["score"]), rel=1e-9
                )
    own = numbers[(numbers["level"] == "video") & (numbers["part"] == "swap")]
    assert set(own["num_real"]) == {8} and set(own["num_fake"]) == {8}


def test_more_clips_of_a_video_do_not_shift_the_numbers_of_videos() -> None:
    clips = made_up()
    often = pd.concat([clips, *[clips[clips["video_id"] == "v001"]] * 9], ignore_index=True)
    first, second = (evaluate_scores(each, "exclude", 0) for each in (clips, often))
    of_videos = [each.numbers[each.numbers["level"] == "video"].reset_index(drop=True) for each in (first, second)]
    same = of_videos[0]["metric"].isin(["auc", "ap", "eer", "accuracy"])  # others feel the last bit of the video's mean
    pd.testing.assert_frame_equal(of_videos[0][same], of_videos[1][same])
    assert value(first.numbers, "clip", "auc") != value(second.numbers, "clip", "auc")


def test_a_table_with_a_row_a_video_has_no_numbers_of_clips() -> None:
    videos = made_up().drop_duplicates("video_id").reset_index(drop=True)
    assert set(evaluate_scores(videos, "exclude", 0).numbers["level"]) == {"video"}


def test_a_video_is_its_highest_face_and_a_face_the_mean_of_its_clips() -> None:
    clips = pd.DataFrame(
        {"video_id": ["a", "a", "a", "b"], "label": [1, 1, 1, 0], "track": [0, 0, 1, 0], "score": [0.2, 0.4, 0.5, 0.1]}
    )
    assert video_table(clips)["score"].tolist() == [0.5, 0.1]


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


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_what_one_class_can_have(label: int, capsys: pytest.CaptureFixture[str]) -> None:
    clips = made_up()
    outcome = evaluate_scores(clips[clips["label"] == label].reset_index(drop=True), "exclude", 0)
    metrics = outcome.metrics("test")
    assert math.isnan(metrics["test/video/auc"]) and not math.isnan(metrics["test/video/brier"])
    show_numbers(outcome.numbers)
    assert f"it needs both classes, and all are {('real', 'fake')[label]}" in " ".join(capsys.readouterr().out.split())


def test_people_are_resampled_where_they_are_known_and_videos_otherwise() -> None:
    clips = made_up()
    clusters, what = resampled(clips)
    assert what == "people" and len(set(clusters)) == 8
    clusters, what = resampled(clips.drop(columns="person"))
    assert what == "videos" and len(set(clusters)) == 24
    some = clips.assign(person=clips["person"].where(clips["person"] < "p4", ""))
    clusters, what = resampled(some)
    assert what == "people" and len(set(clusters)) == 4 + 12
    assert resampled(clips.assign(person=""))[1] == "videos"


def test_intervals_over_people_are_wider_where_a_persons_videos_are_alike() -> None:
    draw, rows = np.random.default_rng(1), []
    for person in range(20):
        shift = draw.normal(0, 1.5)
        for video in range(10):
            label = video % 2
            score = 1 / (1 + math.exp(-(shift + label + draw.normal(0, 0.3))))
            rows.append([f"{person}/{video}", label, score, f"p{person}"])
    videos = pd.DataFrame(rows, columns=["video_id", "label", "score", "person"])
    width = {}
    for what, table in (("people", videos), ("videos", videos.drop(columns="person"))):
        numbers = numbers_table(table, table, every=table)
        recall = numbers[numbers["metric"] == "recall"].iloc[0]
        width[what] = recall["high"] - recall["low"]
        assert set(numbers["resampled"]) == {what}
    assert width["people"] > 1.5 * width["videos"]


def test_parts_are_methods_against_all_reals_and_groups_with_their_own() -> None:
    videos = video_table(made_up())
    found = {tuple(part): part.rows(videos) for part in parts(videos)}
    assert [*found] == [("all", ""), ("method", "reenact"), ("method", "swap"), ("group", "c23"), ("group", "c40")]
    assert set(found["method", "swap"]["method"]) == {"swap", "real"} and len(found["method", "swap"]) == 16
    assert set(found["group", "c23"]["group"]) == {"c23"} and len(found["group", "c23"]) == 12
    assert [part.by for part in parts(videos.drop(columns=["method", "group"]))] == ["all"]


def test_the_screen_fits_80_columns_and_says_what_cannot_be_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_numbers(evaluate_scores(made_up(), "exclude", 0).numbers, "test 24 videos")
    lines = capsys.readouterr().out.splitlines()
    tables = [line for line in lines if line.startswith(("│", "┃"))]
    assert tables and max(map(len, tables)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "tpr_at_fpr_0.001 │ too few" in text and "8, where a false-positive rate of 0.001 needs 1000" in text
    assert "videos by method" in text and "videos by group" in text
    assert "intervals take people (or source videos) to be independent" in text


def test_videos_of_the_people_of_a_corpus_are_drawn_together() -> None:
    def video(name: str, label: Label, target: str, source: str = "") -> Video:
        return Video(name, Path(name), label, Split.TEST, target_id=target, source_id=source)

    videos = [video(f"r{i}", Label.REAL, f"p{i}") for i in range(12)]
    videos += [video(f"f{i}", Label.FAKE, f"p{i}", f"p{i ^ 1}") for i in range(12)]  # swapped in pairs
    scores = {"label": [int(one.label) for one in videos], "method": "x", "track": 0, "score": 0.5}
    clips = pd.DataFrame({"video_id": [one.video_id for one in videos], **scores})
    drawn, by = with_people(clips, videos)
    people = drawn["person"]
    assert by == "people"
    assert people.nunique() == 6 and people[0] == people[1] == people[12] == people[13] != people[2]
    unknown = [replace(one, target_id="", source_id="") for one in videos]
    assert with_people(clips, unknown) == (clips, "videos")


def test_a_video_without_a_clip_has_a_row_of_its_own() -> None:
    videos = [Video(name, Path(name), Label.FAKE, Split.TEST, method="swap") for name in ("a", "b")]
    clips = pd.DataFrame(
        [["a", 1, "swap", 0, 8, 0.75]], columns=["video_id", "label", "method", "track", "start", "score"]
    )
    found = video_table(with_unscored(clips, videos))
    assert found["video_id"].tolist() == ["a", "b"] and found["label"].tolist() == [1, 1]
    assert found["score"].tolist()[0] == 0.75 and math.isnan(found["score"].tolist()[1])
    assert with_unscored(clips, videos[:1]) is clips


def test_many_clips_of_few_videos_do_not_make_a_number_surer() -> None:
    clips = pd.concat([made_up(num_videos=24)] * 20, ignore_index=True)
    assert (clips["label"] == 0).sum() > 100
    videos = video_table(clips)
    numbers = numbers_table(clips, videos, every=videos)
    rates = numbers[numbers["metric"] == "tpr_at_fpr_0.01"]
    assert set(rates["level"]) == {"video", "clip"}
    assert rates["value"].isna().all() and rates["note"].str.startswith("too few reals: ").all()
    auc = numbers[(numbers["metric"] == "auc") & (numbers["level"] == "clip")]
    assert auc["value"].notna().all()


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


def test_a_fakes_other_person_is_said_where_only_targets_group(capsys: pytest.CaptureFixture[str]) -> None:
    clips = made_up()
    show_numbers(evaluate_scores(clips, "exclude", 0, "targets").numbers)
    assert "though fakes show the faces of others" in " ".join(capsys.readouterr().out.split())


def test_names_that_differ_in_a_last_zero_byte_are_two() -> None:
    clips = pd.DataFrame(
        {"video_id": ["a", "a\0"], "label": [1, 0], "track": 0, "score": [0.9, 0.1], "person": ["p", "p\0"]}
    )
    videos = video_table(clips)
    assert videos["score"].tolist() == [0.9, 0.1]
    assert len(set(resampled(videos)[0])) == 2


def test_decisions_are_measured_at_every_threshold_that_val_chose_and_one_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calibration = fit_calibration(*drawn_videos(150, 150)[:2], "platt")
    outcome = evaluate_scores(made_up(), "exclude", 0, calibration=calibration)
    fake, score = outcome.measured["label"] == 1, outcome.measured["score"]
    for each in calibration.thresholds:
        assert each.value is not None
        suffix = suffix_of(each.name)
        assert value(outcome.numbers, "video", f"recall{suffix}") == pytest.approx((score[fake] > each.value).mean())
    of_part = outcome.numbers[outcome.numbers["by"] != "all"]["metric"]
    assert "recall_at_val" in {*of_part} and "recall_at_val_eer" not in {*of_part}
    show_numbers(outcome.numbers)
    shown = capsys.readouterr().out
    assert "recall_at_val " in shown and "recall_at_val_eer" not in shown
