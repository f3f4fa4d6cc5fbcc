"""The comparison on tables: leaks of every feature, corpora without one, and what is left out or undefined."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfake.errors import CorpusError
from deepfake.null_audit import compare, model
from deepfake.null_audit.features import FEATURES, OF_CROPS
from deepfake.schema import Label, Split, Video

NUM = {Split.TRAIN: 200, Split.TEST: 200}


@pytest.fixture(autouse=True)
def few_fits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folds are enough where a plain difference has to be found or nothing at all."""
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setattr(model, "NUM_FOLDS", 2)


def corpus(num: dict[Split, int] = NUM) -> list[Video]:
    """Without metadata; every other video is fake."""
    return [Video(f"{split}/{i:03}", Path(f"{i}.mp4"), Label(i % 2), split) for split in num for i in range(num[split])]


def noise(videos: list[Video], seed: int = 0) -> pd.DataFrame:
    """Features in which labels have no part; one is constant, and some values are missing."""
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(generator.normal(100, 10, (len(videos), len(FEATURES))), columns=list(FEATURES))
    table = table.mask(generator.random(table.shape) < 0.05)
    table["crop_side_mean"] = generator.integers(80, 120, len(videos)).astype(float)
    table["fps"] = 25.0
    table["codec"] = generator.choice(np.array(["h264", "hevc", None], object), len(videos))
    return table.set_index(pd.Index([video.video_id for video in videos]))


def detected(videos: list[Video], auc_of: float = 0.5) -> pd.DataFrame:
    """A detector that guesses, or one that is right."""
    tested = [video for video in videos if video.split is not Split.TRAIN]
    scores = np.random.default_rng(7).random(len(tested)) / 2
    if auc_of == 1:
        scores += np.array([int(video.label) for video in tested]) / 2
    return pd.DataFrame({"video_id": [video.video_id for video in tested], "score": scores})


def labels_of(videos: list[Video]) -> np.ndarray:
    return np.array([int(video.label) for video in videos])


slow = pytest.mark.slow
LEAKS = [pytest.param(name, marks=[] if name == "codec" else [slow]) for name in FEATURES]


@pytest.mark.parametrize("feature", LEAKS)
def test_a_leak_in_one_feature_is_found_and_named(feature: str) -> None:
    videos = corpus({Split.TRAIN: 60, Split.TEST: 60})
    features, fake = noise(videos), labels_of(videos) == 1
    features[feature] = np.where(fake, "av1", "h264") if feature == "codec" else np.where(fake, 319.0, 320.0)
    findings = compare(videos, features, detected(videos, 1))
    assert findings.auc > 0.95 and findings.models.loc["all", "train_auc"] > 0.95 and findings.is_near
    assert findings.features.index[0] == feature
    kind, other = ("crops", "files") if feature in OF_CROPS else ("files", "crops")
    assert findings.models.loc[kind, "auc"] > 0.95 and findings.models.loc[other, "auc"] < 0.75


@slow
def test_without_a_leak_it_reads_a_half() -> None:
    videos = corpus()
    found = [compare(videos, noise(videos, seed), detected(videos)) for seed in range(8)]
    for key in ("auc", "train_auc"):
        assert 0.46 < np.mean([findings.models.loc["all", key] for findings in found]) < 0.54
    assert sum(findings.above_chance for findings in found) <= 1


def test_above_chance_but_far_below_the_detector_is_not_near() -> None:
    videos = corpus()
    features = noise(videos)
    features["bitrate"] = np.random.default_rng(1).normal(100, 10, len(videos)) + 8 * labels_of(videos)
    findings = compare(videos, features, detected(videos, 1))
    assert 0.6 < findings.auc < 0.85 and findings.detector_auc == 1
    assert findings.above_chance and not findings.is_near
    assert replace(findings, detector_auc=findings.auc + 0.05).is_near
    assert not replace(findings, detector_auc=findings.auc + 0.051).is_near


def test_videos_without_a_face_or_a_score_are_left_out_of_both_and_stay_in_the_table() -> None:
    videos = corpus({Split.TRAIN: 60, Split.TEST: 60})
    features, known = noise(videos), detected(videos, 1)
    faceless = [0, 1, 60, 61]
    features.iloc[faceless, [features.columns.get_loc(name) for name in OF_CROPS]] = np.nan
    known = known[~known["video_id"].isin([videos[60].video_id, videos[61].video_id, videos[62].video_id])]
    # That no face was found in a video is not held against it: the detector does not see it either.
    features.iloc[range(2, 22, 2), features.columns.get_loc("crop_side_mean")] = np.nan
    findings = compare(videos, features, known)
    assert findings.num_train == (19, 29) and findings.num_tested == (28, 29)
    table = findings.videos.set_index("video_id")
    left_out = [0, 1, *range(2, 22, 2), 60, 61, 62]
    assert table.index[table["null_score"].isna()].tolist() == [videos[i].video_id for i in left_out]
    assert len(table) == 120 and list(table.columns) == ["split", "label", "method", *FEATURES, "null_score"]


def test_one_class_in_test_has_no_auc_but_train_has_one() -> None:
    videos = [video for video in corpus({Split.TRAIN: 60, Split.TEST: 20}) if video.split is Split.TRAIN or video.label]
    features = noise(videos)
    features["width"] = 320.0 - labels_of(videos)
    findings = compare(videos, features, detected(videos))
    assert math.isnan(findings.auc) and math.isnan(findings.detector_auc) and math.isnan(findings.p_value)
    assert findings.models.loc["all", "train_auc"] == 1
    assert not findings.above_chance and not findings.is_near
    facts = json.loads(json.dumps(findings.facts(), allow_nan=False))
    assert facts["models"]["all"] == {"auc": None, "p_value": None, "train_auc": 1.0}
    assert facts["features"]["width"] == {"importance": None, "auc": None}


def test_a_class_of_train_without_any_face_is_an_error() -> None:
    videos = corpus({Split.TRAIN: 20, Split.TEST: 20})
    features = noise(videos)
    features.loc[labels_of(videos) == 1, "crop_side_mean"] = np.nan
    with pytest.raises(CorpusError, match="no face was found in any fake video: look at the store's videos.csv"):
        compare(videos, features, detected(videos))


@pytest.mark.parametrize("num", [2, 6])
def test_so_few_videos_are_never_above_chance(num: int) -> None:
    videos = corpus({Split.TRAIN: num, Split.TEST: num})
    features = noise(videos)
    features["width"] = 320.0 - labels_of(videos)
    findings = compare(videos, features, detected(videos, 1))
    assert findings.least_p_value >= 0.025 and not findings.is_near
    assert math.isnan(findings.models.loc["all", "train_auc"]) == (num == 2)


def test_metrics_json_has_the_same_numbers_again_whatever_the_order_of_the_rows() -> None:
    videos = corpus({Split.TRAIN: 60, Split.TEST: 60})
    findings = compare(videos, noise(videos), detected(videos))
    facts = findings.facts()
    assert facts["models"]["all"]["auc"] == findings.auc and facts["detector_auc"] == findings.detector_auc
    assert facts["tested"] == {"real": 30, "fake": 30} == facts["train"] and facts["grouped_by"] == "videos"
    assert set(facts["features"]) == set(FEATURES) and list(facts["models"]) == ["all", "files", "crops"]
    mixed = detected(videos).sample(frac=1, random_state=0)
    assert compare(videos, noise(videos), mixed).facts() == facts
