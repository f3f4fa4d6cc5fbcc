"""Intervals of a test of robustness: of a level those of `measure`, of a mean a paired bootstrap by a plain loop."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from deepfake.distort.distortion import Distortion
from deepfake.errors import ExtractionError
from deepfake.metrics import Method, measure
from deepfake.metrics.bootstrap import plan_resampling
from deepfake.metrics.intervals import reach
from deepfake.robustness import LevelAucs, Scored, passes, score_distorted
from deepfake.schema import Label, Split, Video


def videos_of(people: int) -> list[Video]:
    """Return six videos of each of some people, three of them fakes; none is known if there are no people."""
    found = []
    for i in range(6 * (people or 10)):
        label, person = Label(i % 2), f"p{i // 6}" if people else ""
        method = "real" if label is Label.REAL else "swap"
        found.append(Video(f"v{i:03}", Path(f"v{i:03}.mp4"), label, Split.TEST, method, target_id=person))
    return found


def scored_by(seed: int, videos: list[Video]) -> pd.DataFrame:
    """Return two clips of each video; of one seed the videos that are hard, whatever else is added."""
    shared, own = np.random.default_rng(0), np.random.default_rng(seed)
    label = np.array([int(video.label) for video in videos])
    level = 0.4 + 0.15 * label + 0.12 * shared.normal(size=len(videos)) + 0.08 * own.normal(size=len(videos))
    rows = [
        (video.video_id, int(video.label), video.method, 0, start, float(np.clip(score + 0.01 * start, 0, 1)))
        for video, score in zip(videos, level, strict=True)
        for start in (0, 1)
    ]
    return pd.DataFrame(rows, columns=["video_id", "label", "method", "track", "start", "score"])


@pytest.mark.parametrize("people", [0, 12])
def test_a_level_has_the_interval_of_measure(people: int) -> None:
    videos = videos_of(people)
    aucs = LevelAucs(videos, "max", seed=4)
    for seed in (1, 2):
        clips = scored_by(seed, videos)
        own = clips.groupby("video_id")["score"].max()
        clusters = np.arange(len(videos)) // 6 if people else None
        expected = measure(own, [int(video.label) for video in videos], clusters=clusters, seed=4)["auc"]
        assert aucs.add(clips) == expected
        assert expected.method is (Method.CLUSTER_BOOTSTRAP if people else Method.DELONG)
    assert aucs.by == ("people" if people else "videos")


def share_of_pairs(label: np.ndarray, score: np.ndarray) -> float:
    """The AUC by its definition; four thousand of scikit-learn's would take half a minute."""
    fake, real = score[label == 1][:, None], score[label == 0]
    return float(np.mean((fake > real) + 0.5 * (fake == real)))


def test_the_mean_of_levels_is_paired() -> None:
    videos = videos_of(12)
    label, cluster = np.array([int(video.label) for video in videos]), np.arange(72) // 6
    aucs, tables = LevelAucs(videos, "mean", seed=1), []
    for seed in (1, 2, 3):
        aucs.add(scored_by(seed, videos))
        tables.append(scored_by(seed, videos).groupby("video_id")["score"].mean().to_numpy())
    resampling = plan_resampling(cluster, label == 1)
    means = []
    for replicate in range(2000):
        again = np.repeat(np.arange(72), resampling.draw(1, replicate).astype(int)[cluster])
        means.append(np.mean([share_of_pairs(label[again], tables[k][again]) for k in (1, 2)]))
    value = np.mean([roc_auc_score(label, tables[k]) for k in (1, 2)])
    assert value == pytest.approx(np.mean([share_of_pairs(label, tables[k]) for k in (1, 2)]), rel=1e-12)
    error = np.std(means, ddof=1) / (value * (1 - value))
    found = aucs.mean([1, 2])
    ends = [expit(logit(value) + side * reach(0.95, 12) * error) for side in (-1, 1)]
    assert [found.value, found.low, found.high] == pytest.approx([value, *ends])


def test_levels_of_other_videos_are_refused() -> None:
    videos = videos_of(0)
    aucs = LevelAucs(videos, "mean", 0)
    aucs.add(scored_by(0, videos))
    with pytest.raises(ValueError, match="levels have scores of different videos"):
        aucs.add(scored_by(0, videos[1:]))


def test_a_test_that_is_stopped_has_what_it_scored_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos, asked = videos_of(10), []

    def distorted(source: Any, distortion: Distortion) -> int:
        asked.append(distortion.name)
        if len(asked) == 3:
            raise ExtractionError("a video cannot be distorted")
        return len(asked)

    def scored(seed: Any) -> Scored:
        counts = {"videos": 60, "scored": 60, "scored_real": 30, "scored_fake": 30, "ok": 60}
        return Scored(scored_by(seed, videos), {"video/auc": 0.7, "clip/auc": 0.6}, counts)

    monkeypatch.setattr(passes, "complete_distorted", distorted)
    monkeypatch.setattr(passes, "unchanged", lambda *arguments: [])
    aucs = LevelAucs(videos, "mean", 0)
    levels = [Distortion("GB", level) for level in (1, 3, 5)]
    source: Any = SimpleNamespace(videos=videos, store=None)
    with pytest.raises(ExtractionError):
        score_distorted(levels, source, scored(0), scored, tmp_path, (), aucs)
    table = pd.read_csv(tmp_path / "robustness.csv")
    assert table["type"].tolist() == ["clean", "GB", "GB"] and table["level"].tolist()[1:] == [1, 3]
    assert (table["video_auc_low"] < table["video_auc_high"]).all()
    assert table["interval"].tolist() == ["bootstrap over clusters"] * 3
    assert not math.isnan(aucs.mean([1, 2]).low)
