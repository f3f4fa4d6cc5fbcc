"""The comparison of ways from clips to a video, and the choice among them on val."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from deepfake.errors import ConfigError, CorpusError
from deepfake.evaluation import (
    AGGREGATES,
    best_aggregate,
    compare_aggregates,
    refuse_val,
    require_both_classes,
    write_aggregates,
)
from deepfake.schema import Label, Split


def clips_of(seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    video = np.repeat(np.arange(40), 5)
    score = np.clip(generator.normal(0.4 + 0.2 * (video % 2), 0.3), 0.01, 0.99)
    names = [f"{number:02}" for number in video]
    return pd.DataFrame({"video_id": names, "label": video % 2, "track": 0, "score": score})


def test_the_numbers_are_scikit_learns_and_each_rule_has_a_row() -> None:
    clips = {Split.VAL: clips_of(0), Split.TEST: clips_of(1)}
    table = compare_aggregates(clips).set_index("aggregate")
    assert [*table.index] == [*AGGREGATES]
    for split, each in clips.items():
        of_videos = each.groupby("video_id")
        label = of_videos["label"].first()
        for aggregate, score in (("median", of_videos["score"].median()), ("max", of_videos["score"].max())):
            assert table.at[aggregate, f"{split}_auc"] == pytest.approx(roc_auc_score(label, score), rel=1e-12)
            assert table.at[aggregate, f"{split}_log_loss"] == pytest.approx(log_loss(label, score), rel=1e-12)
    assert (table.loc["mean"] == table.loc["mean_all"]).all()  # there is one track


@pytest.mark.parametrize(
    ("auc", "loss", "expected"),
    [
        ([0.8, 0.9, 0.7], [0.1, 0.9, 0.2], "median"),  # the highest AUC, whatever the log-loss
        ([0.9, 0.9, 0.7], [0.5, 0.4, 0.1], "median"),  # of equal ones the lower log-loss
        ([0.9, 0.9, 0.9], [0.5, 0.5, 0.5], "mean"),  # and else the first
    ],
)
def test_the_best_is_chosen_by_val_alone(auc: list[float], loss: list[float], expected: str) -> None:
    table = pd.DataFrame({"aggregate": ["mean", "median", "max"], "val_auc": auc, "val_log_loss": loss})
    assert best_aggregate(table.assign(test_auc=[0.1, 0.2, 1.0])) == expected


def test_the_checkpoints_own_rule_is_compared_as_well() -> None:
    table = compare_aggregates({Split.VAL: clips_of(0)}, "top_5").set_index("aggregate")
    assert [*table.index] == [*AGGREGATES, "top_5"]
    assert table.loc["top_5", "val_auc"] == table.loc["mean", "val_auc"]  # a video has five clips
    assert [*compare_aggregates({Split.VAL: clips_of(0)}, "max")["aggregate"]] == [*AGGREGATES]


def test_what_is_chosen_on_val_is_not_measured_on_it() -> None:
    refuse_val(Split.TEST)
    with pytest.raises(ConfigError, match="split=val would measure the rule on what it was chosen on"):
        refuse_val(Split.VAL)


def test_one_class_alone_chooses_nothing() -> None:
    require_both_classes([Label.REAL, Label.FAKE, Label.FAKE])
    for labels in ([], [Label.REAL], [Label.FAKE, Label.FAKE]):
        with pytest.raises(CorpusError, match="val, which has no real or no fake video with a score"):
            require_both_classes(labels)


def test_the_comparison_is_written_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = {Split.VAL: clips_of(0), Split.TEST: clips_of(1)}
    written = pd.read_csv(write_aggregates(tmp_path, clips, "demo", chosen="median", own="top_5"))
    pd.testing.assert_frame_equal(written, compare_aggregates(clips, "top_5"), check_dtype=False)
    shown = capsys.readouterr().out
    assert "median *" in shown and "mean *" not in shown
    assert "val: 20 real, 20 fake videos; test: 20 real, 20 fake videos" in shown
