"""The null model: gradient-boosted trees on features that need no look at a face."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from deepfake.corpora.groups import NUM_FOLDS

SEED = 0  # of everything here, so that an audit can be repeated
LEAF = 20  # videos in a leaf at least, as in scikit-learn; a fifth of them all where there are few


def fit_null_model(features: pd.DataFrame, labels: np.ndarray) -> Pipeline:
    """Fit the model. The number of threads changes nothing in it; no early stopping holds videos back.

    A node chooses among half of the features. Otherwise one that separates few videos by chance as well as another does
    by its nature hides it.

    Args:
        features: (V, F) floats and words; a missing value is a value of its own. A column in which none is known is
            left out. Words become numbers, since scikit-learn ignores categories that fewer than 10 videos have.
        labels: (V,) 0 real, 1 fake, both of them present.
    """
    known = features.loc[:, features.notna().any()]
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    trees = HistGradientBoostingClassifier(
        max_iter=50,
        min_samples_leaf=int(np.clip(len(known) // 5, 1, LEAF)),
        max_features=0.5,
        class_weight="balanced",
        early_stopping=False,
        random_state=SEED,
    )
    columns = make_column_transformer((words, make_column_selector(dtype_exclude="number")), remainder="passthrough")
    return make_pipeline(columns, trees).fit(known, labels)


def null_scores(model: Pipeline, features: pd.DataFrame) -> np.ndarray:
    """Return the model's P(fake) of each video, (V,); a codec that train does not have counts as missing."""
    return model.predict_proba(features[list(model.feature_names_in_)])[:, 1]


def cross_validate(features: pd.DataFrame, labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score each video by a model that was fitted without its group.

    Args:
        features: see `fit_null_model`.
        labels: (V,) 0 real, 1 fake.
        groups: (V,) the number of each video's group.

    Returns:
        (V,) P(fake), and (V,) the fold, counted from 0. They are NaN and -1 for a fold outside of which a class has no
        video, and everywhere if there are fewer than two groups or fewer than two videos of a class.
    """
    scores, folds = np.full(len(labels), np.nan), np.full(len(labels), -1)
    least = min(len(np.unique(groups)), *np.bincount(labels, minlength=2))
    if least < 2:
        return scores, folds
    splitter = StratifiedGroupKFold(min(NUM_FOLDS, least), shuffle=True, random_state=SEED)
    for fold, (rest, held_out) in enumerate(splitter.split(features, labels, groups)):
        if len(held_out) and len(np.unique(labels[rest])) == 2:
            model = fit_null_model(features.iloc[rest], labels[rest])
            scores[held_out], folds[held_out] = null_scores(model, features.iloc[held_out]), fold
    return scores, folds
