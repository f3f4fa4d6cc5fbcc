"""Learns on train what needs no look at a face, and tests it beside the detector, on the same videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from deepfake.corpora.groups import group_videos
from deepfake.errors import CorpusError
from deepfake.null_audit.features import FEATURES, OF_CROPS, OF_FILE, null_features
from deepfake.null_audit.figures import auc, auc_within, importances, least_p_value, p_value
from deepfake.null_audit.findings import NullFindings
from deepfake.null_audit.model import cross_validate, fit_null_model, null_scores
from deepfake.ranges import Aggregate
from deepfake.report.results import video_table
from deepfake.schema import Label, MainFace, Split, Video
from deepfake.store import FaceStore

MODELS = {"all": FEATURES, "files": OF_FILE, "crops": OF_CROPS}


def find_shortcuts(
    train: Sequence[Video],
    tested: Sequence[Video],
    clips: pd.DataFrame,
    store: FaceStore,
    main_face: MainFace,
    aggregate: Aggregate = "mean",
) -> NullFindings:
    """Fit the null model on train and test it beside the detector.

    Args:
        train: the videos of train.
        tested: the videos of the split that was scored.
        clips: the detector's scores, one row for each clip, as in `predictions.csv`.
        store: the faces of all these videos.
        main_face: which face of a video the features of its crops are of.
        aggregate: how a track's clips become one score; see `deepfake.scoring`.

    Raises:
        CorpusError: train has no real or no fake with a stored face.
        StoreError: a crop is damaged.
    """
    by_id = attrgetter("video_id")
    videos = sorted(train, key=by_id) + sorted(tested, key=by_id)
    return compare(videos, null_features(videos, store, main_face), video_table(clips, aggregate))


def compare(videos: Sequence[Video], features: pd.DataFrame, detected: pd.DataFrame) -> NullFindings:
    """Fit the null model on the videos of train that have a face, and test it on those others that the detector scored.

    Args:
        videos: V videos of train and of one other split.
        features: (V, F) their features, as `null_features` returns them.
        detected: `video_id` and `score` of the videos that the detector scored.

    Raises:
        CorpusError: train has no real or no fake with a face.
    """
    labels = np.array([int(video.label) for video in videos])
    of_train = np.array([video.split is Split.TRAIN for video in videos])
    by_detector = pd.Series(detected["score"].to_numpy(), detected["video_id"]).reindex(features.index).to_numpy()
    fitted = np.flatnonzero(of_train & features["crop_side_mean"].notna().to_numpy())
    tested = np.flatnonzero(~of_train & np.isfinite(by_detector))
    _require_classes(labels[fitted])

    groups, grouped_by = group_videos([videos[place] for place in fitted.tolist()])
    # Threads wait for each other after every node: on two busy cores, two took 61 s for what one does in a second.
    with threadpool_limits(1):
        tried = {name: _try(features[[*own]], labels, groups, fitted, tested) for name, own in MODELS.items()}
        first = tried["all"]
        importance = importances(first.model, features.iloc[tested], labels[tested])
    null_score = np.full(len(videos), np.nan)
    null_score[fitted], null_score[tested] = first.held_out, first.scores
    return NullFindings(
        videos=_table(videos, features, null_score),
        detector_auc=auc(by_detector[tested], labels[tested]),
        models=pd.DataFrame({name: each.numbers for name, each in tried.items()}).T,
        least_p_value=least_p_value(labels[tested]),
        num_tested=_counts(labels[tested]),
        num_train=_counts(labels[fitted]),
        grouped_by=grouped_by,
        features=importance,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """A model that was fitted, its scores of the videos it was fitted on (cross-validated) and of the tested ones."""

    model: Pipeline
    held_out: np.ndarray
    scores: np.ndarray
    numbers: dict[str, float]


def _try(
    features: pd.DataFrame, labels: np.ndarray, groups: np.ndarray, fitted: np.ndarray, tested: np.ndarray
) -> _Tried:
    model = fit_null_model(features.iloc[fitted], labels[fitted])
    scores = null_scores(model, features.iloc[tested])
    held_out, folds = cross_validate(features.iloc[fitted], labels[fitted], groups)
    numbers = {
        "auc": auc(scores, labels[tested]),
        "p_value": p_value(scores, labels[tested]),
        "train_auc": auc_within(held_out, labels[fitted], folds),
    }
    return _Tried(model, held_out, scores, numbers)


def _table(videos: Sequence[Video], features: pd.DataFrame, scores: np.ndarray) -> pd.DataFrame:
    columns = {
        "video_id": [video.video_id for video in videos],
        "split": [str(video.split) for video in videos],
        "label": [int(video.label) for video in videos],
        "method": [video.method for video in videos],
    }
    return pd.DataFrame(columns).join(features.reset_index(drop=True)).assign(null_score=scores)


def _counts(labels: np.ndarray) -> tuple[int, int]:
    return int((labels == Label.REAL).sum()), int((labels == Label.FAKE).sum())


def _require_classes(labels: np.ndarray) -> None:
    lacking = [label.name.lower() for label in Label if label not in labels]
    if lacking:
        raise CorpusError(
            f"audit=null learns from train, where no face was found in any {' or '.join(lacking)} video: look at the "
            "store's videos.csv, which says why, or leave audit=null out"
        )
