"""Numbers of an evaluation against scikit-learn, and what is resampled."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from deepfake.calibration import fit_calibration
from deepfake.calibration.thresholds import suffix_of
from deepfake.evaluation import (
    evaluate_scores,
    numbers_table,
    show_numbers,
    with_people,
)
from deepfake.evaluation.table import COLUMNS, parts
from deepfake.report.independent import resampled
from deepfake.report.results import video_table
from deepfake.schema import Label, Split, Video
from tests.calibration.drawn import drawn_videos
from tests.evaluation.clips import made_up, value


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
