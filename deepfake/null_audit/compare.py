"""Learns on train what needs no look at a face, and tests it beside the detector, on the same videos."""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np
import pandas as pd

from deepfake.errors import CorpusError
from deepfake.null_audit.features import null_features
from deepfake.null_audit.figures import auc, auc_within, importances, p_value
from deepfake.null_audit.findings import NullFindings
from deepfake.null_audit.groups import group_videos
from deepfake.null_audit.model import cross_validate, fit_null_model, null_scores
from deepfake.report.results import video_table
from deepfake.schema import Label, MainFace, Split, Video
from deepfake.store import FaceStore


def find_shortcuts(
    train: Sequence[Video], tested: Sequence[Video], clips: pd.DataFrame, store: FaceStore, main_face: MainFace
) -> NullFindings:
    """Fit the null model on train and test it beside the detector.

    Args:
        train: the videos of train.
        tested: the videos of the split that was scored.
        clips: the detector's scores, one row for each clip, as in `predictions.csv`.
        store: the faces of all these videos.
        main_face: which face of a video the features of its crops are of.

    Raises:
        CorpusError: train has no real or no fake with a stored face.
    """
    videos = sorted(train, key=attrgetter("video_id")) + sorted(tested, key=attrgetter("video_id"))
    features = null_features(videos, store, main_face)
    return compare(videos, features, video_table(clips))


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
    out_of_fold, folds = cross_validate(features.iloc[fitted], labels[fitted], groups)
    model = fit_null_model(features.iloc[fitted], labels[fitted])
    scores = np.full(len(videos), np.nan)
    scores[fitted], scores[tested] = out_of_fold, null_scores(model, features.iloc[tested])
    of_tested = scores[tested], labels[tested]
    reached, least = p_value(*of_tested)
    return NullFindings(
        videos=_table(videos, features, scores),
        auc=auc(*of_tested),
        detector_auc=auc(by_detector[tested], labels[tested]),
        train_auc=auc_within(out_of_fold, labels[fitted], folds),
        p_value=reached,
        least_p_value=least,
        num_tested=_counts(labels[tested]),
        num_train=_counts(labels[fitted]),
        grouped_by=grouped_by,
        features=importances(model, features.iloc[tested], labels[tested]),
    )


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
