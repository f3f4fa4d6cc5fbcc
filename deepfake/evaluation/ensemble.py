"""What several detectors say together; their weights and the calibration of that, learnt from what they say of val."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from deepfake.calibration import (
    Calibration,
    CalibrationMethod,
    ScoredPersons,
    combined,
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

Weights = Literal["learnt", "equal"]
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
        taken: the one of these two that the calibration is of.
    """

    calibration: Calibration
    weights: dict[str, float]
    videos: pd.DataFrame
    grouped_by: GroupedBy
    compared: dict[str, dict[str, float]]
    taken: str


def learn_ensemble(
    clips: Mapping[str, pd.DataFrame],
    aggregates: Mapping[str, Aggregate],
    method: CalibrationMethod,
    prior: Prior,
    source: str,
    people: GroupedBy = "people",
    weigh: Weights = "learnt",
) -> LearntEnsemble:
    """Learn weights and a calibration of several detectors.

    Only persons count of whom every detector has a score, as in a verdict, which leaves out some more; a video without
    one has no score.

    Args:
        clips: detector -> its clips, as `video_table` takes them, all of the same videos.
        aggregates: detector -> how a track's clips become one score.
        method: see `deepfake.calibration.fit_calibrator`.
        prior: see `deepfake.calibration.fit_calibration`.
        source: where the videos are from, as `val of demo`.
        people: what `person` of the clips tells apart.
        weigh: whether weights are learnt, or stay equal.

    Raises:
        CalibrationError: there are too few videos of a class, or of people.
    """
    names = list(clips)
    first = video_table(clips[names[0]], aggregates[names[0]]).drop(columns="score").set_index("video_id")
    alone = {name: video_table(clips[name], aggregates[name]).set_index("video_id")["score"] for name in names}
    persons = _persons(clips, aggregates)
    videos = first.assign(**{f"score_{name}": alone[name].reindex(first.index) for name in names})
    scored = videos.loc[videos.index.isin(persons.index.get_level_values("video_id"))]
    label = scored["label"].to_numpy(np.int64)
    require_enough(label, method, source)
    known = ScoredPersons(persons.to_numpy(), scored.index.get_indexer(persons.index.get_level_values("video_id")))
    groups, by = resampled(scored.reset_index(), people)
    rows, ones, everyone = known.rows(), np.eye(len(names)).tolist(), np.arange(len(label))
    # What gives weights, from the indices of the videos that may be learnt on.
    ways: dict[str, Callable[[np.ndarray], Sequence[float]]] = {
        **{name: partial(_fixed, one) for name, one in zip(names, ones, strict=True)},
        EQUAL: partial(_fixed, equal_weights(len(names))),
        LEARNT: lambda rest: fit_weights(rows[rest], label[rest], prior),
    }
    scores, calibrated, compared = {}, {}, {}
    for name, way in ways.items():
        scores[name] = known.of_videos(way(everyone))
        calibrated[name] = cross_fitted(_scoring(known, way), label, groups, method, prior)
        compared[name] = _compared(scores[name], calibrated[name], label, prior)
    taken = LEARNT if weigh == "learnt" else EQUAL
    found = fit_calibration(scores[taken], label, method, groups, prior, source, calibrated[taken])
    columns = pd.DataFrame({"score": scores[taken], "calibrated": calibrated[taken]}, scored.index)
    whole = pd.concat([videos, columns.reindex(videos.index)], axis=1).reset_index()
    weights = dict(zip(names, ways[taken](everyone), strict=True))
    return LearntEnsemble(found, weights, whole, by, compared, taken)


def combined_persons(
    clips: Mapping[str, pd.DataFrame], aggregates: Mapping[str, Aggregate], weights: Sequence[float]
) -> pd.DataFrame:
    """Return what several detectors say together of each person of whom all of them have a score, as in a verdict.

    Args:
        clips: as `learn_ensemble` has them.
        aggregates: as `learn_ensemble` has them.
        weights: of the detectors, which sum to 1.

    Returns:
        One row a person: `video_id`, `track`, `start` (the first clip's), `label`, `method`, each detector's own score
        as `score_<name>`, and `score`, the combined one.
    """
    persons = _persons(clips, aggregates)
    first = next(iter(clips.values())).drop_duplicates(["video_id", "track"]).set_index(["video_id", "track"])
    known = first.loc[persons.index, ["start", "label", "method"]]
    own = persons.add_prefix("score_")
    return known.assign(**own, score=combined(persons.to_numpy(), weights)).reset_index()


def _fixed(weights: Sequence[float], rest: np.ndarray) -> Sequence[float]:
    return weights


def _scoring(known: ScoredPersons, way: Callable[[np.ndarray], Sequence[float]]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what scores all videos with the weights that a way gives."""
    return lambda rest: known.of_videos(way(rest))


def _persons(clips: Mapping[str, pd.DataFrame], aggregates: Mapping[str, Aggregate]) -> pd.DataFrame:
    """Return each detector's score of each person of whom all have one, by `video_id` and `track`."""
    tracks = [_track_scores(clips[name], aggregates[name]).rename(name) for name in clips]
    return pd.concat(tracks, axis=1, join="inner")


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
    own = learnt.compared[learnt.taken]["log_loss"]
    better = [name for name, each in learnt.compared.items() if each["log_loss"] < own]
    show(
        "weights of the detectors",
        heads,
        rows,
        "log-loss: each video by weights and a calibration that were learnt on others",
        f"taken: {learnt.taken}",
        f"by log-loss better on these videos: {'; '.join(better)}" if better else "",
    )
