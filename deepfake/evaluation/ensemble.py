"""Learns the weights of several detectors and the calibration of their combined score, from what they say of val."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from deepfake.calibration import (
    Calibration,
    CalibrationMethod,
    ScoredPersons,
    cross_fitted,
    equal_weights,
    fit_calibration,
    fit_weights,
)
from deepfake.calibration.fit import require_enough
from deepfake.corpora.groups import GroupedBy
from deepfake.metrics import all_numbers, measure_probabilities
from deepfake.ranges import Aggregate, Prior
from deepfake.report.independent import resampled
from deepfake.report.results import video_table
from deepfake.report.tables import show
from deepfake.scoring import video_scores

log = logging.getLogger(__name__)
EQUAL, LEARNT = "all, with equal weights", "all, with learnt weights"


@dataclass(frozen=True, slots=True)
class LearntEnsemble:
    """What was learnt of several detectors.

    Attributes:
        calibration: of their combined score.
        weights: detector -> its weight.
        videos: `label`, `score` (the combined one), `calibrated` (cross-fitted) and a column of each detector's own
            score; NaN where there is none.
        grouped_by: what was left out together for cross-fitting.
        compared: detector, `EQUAL` or `LEARNT` -> `auc` of its scores, and `log_loss` of its cross-fitted calibrated
            scores, for which weights are learnt without the videos that are held out, too.
    """

    calibration: Calibration
    weights: dict[str, float]
    videos: pd.DataFrame
    grouped_by: GroupedBy
    compared: dict[str, dict[str, float]]


def learn_ensemble(
    clips: Mapping[str, pd.DataFrame],
    aggregates: Mapping[str, Aggregate],
    method: CalibrationMethod,
    prior: Prior,
    source: str,
    people: GroupedBy = "people",
) -> LearntEnsemble:
    """Learn weights and a calibration of several detectors.

    Only persons count of whom every detector has a score, as in a verdict; a video without one has no score.

    Args:
        clips: detector -> its clips, as `video_table` takes them, all of the same videos.
        aggregates: detector -> how a track's clips become one score.
        method: see `deepfake.calibration.fit_calibrator`.
        prior: see `deepfake.calibration.fit_calibration`.
        source: where the videos are from, as `val of demo`.
        people: what `person` of the clips tells apart.

    Raises:
        CalibrationError: there are too few videos of a class, or of people.
    """
    names = list(clips)
    first = video_table(clips[names[0]], aggregates[names[0]]).drop(columns="score").set_index("video_id")
    alone = {name: video_table(clips[name], aggregates[name]).set_index("video_id")["score"] for name in names}
    tracks = [_track_scores(clips[name], aggregates[name]).rename(name) for name in names]
    persons = pd.concat(tracks, axis=1, join="inner")
    videos = first.assign(**{f"score_{name}": alone[name].reindex(first.index) for name in names})
    scored = videos.loc[videos.index.isin(persons.index.get_level_values("video_id"))]
    label = scored["label"].to_numpy(np.int64)
    require_enough(label, method, source)
    known = ScoredPersons(persons.to_numpy(), scored.index.get_indexer(persons.index.get_level_values("video_id")))
    groups, by = resampled(scored.reset_index(), people)
    rows = known.rows()
    weights = fit_weights(rows, label, prior)

    def score_by(rest: np.ndarray) -> np.ndarray:
        return known.of_videos(fit_weights(rows[rest], label[rest], prior))

    score = known.of_videos(weights)
    found = fit_calibration(score, label, method, groups, prior, source, score_by)
    calibrated = cross_fitted(score_by, label, groups, method, prior)
    fixed = {name: known.of_videos(np.eye(len(names))[i]) for i, name in enumerate(names)}
    fixed[EQUAL] = known.of_videos(equal_weights(len(names)))
    compared = {
        name: _compared(own, cross_fitted(own, label, groups, method, prior), label, prior)
        for name, own in fixed.items()
    }
    compared[LEARNT] = _compared(score, calibrated, label, prior)
    columns = pd.DataFrame({"score": score, "calibrated": calibrated}, scored.index).reindex(videos.index)
    whole = pd.concat([videos, columns], axis=1).reset_index()
    return LearntEnsemble(found, dict(zip(names, weights, strict=True)), whole, by, compared)


def _track_scores(clips: pd.DataFrame, aggregate: Aggregate) -> pd.Series:
    """Return the score of each person, by `video_id` and `track`."""
    scored = clips[clips["score"].notna()]
    number, places = pd.factorize(pd.MultiIndex.from_frame(scored[["video_id", "track"]]), sort=True)
    found, scores = video_scores(number, np.zeros_like(number), scored["score"].to_numpy(), aggregate)
    return pd.Series(scores, places[found].set_names(["video_id", "track"]))


def _compared(score: np.ndarray, calibrated: np.ndarray, label: np.ndarray, prior: Prior) -> dict[str, float]:
    loss = measure_probabilities(calibrated, label, prior, replicates=2)["log_loss"].value
    return {"auc": all_numbers(score, label)["auc"], "log_loss": loss}


def show_ensemble(learnt: LearntEnsemble) -> None:
    """Print the weights, and how good each detector and their combination are on val."""
    rows = [[name, learnt.weights.get(name), each["auc"], each["log_loss"]] for name, each in learnt.compared.items()]
    heads = ["detector", "weight", "AUC on val", "log-loss on val, calibrated"]
    least = min(each["log_loss"] for name, each in learnt.compared.items() if name != LEARNT)
    worse = learnt.compared[LEARNT]["log_loss"] >= least
    show(
        "weights of the detectors",
        heads,
        rows,
        "log-loss: each video by weights and a calibration that were learnt on others",
        "learnt weights are no better here than something simpler in this table" if worse else "",
    )
