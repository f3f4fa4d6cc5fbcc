"""The numbers of a null audit: AUC, how often guesses reach it, and what it rests on."""

import math

import numpy as np
import pandas as pd
import torch
from scipy.stats import mannwhitneyu
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

from deepfake.metrics.binary import binary_metrics
from deepfake.null_audit.model import SEED, null_scores

REPEATS = 5  # shuffles of each feature


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the AUC by the formula that the detector's has; NaN if a class is missing.

    Args:
        scores: (V,) in [0, 1].
        labels: (V,) 0 real, 1 fake.
    """
    return binary_metrics(torch.tensor(scores), torch.tensor(labels))["auc"]


def auc_within(scores: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> float:
    """Return the share of pairs of a real and a fake in one fold that are in the right order.

    Scores of two folds come from two models and are not compared.

    Args:
        scores: (V,) in [0, 1].
        labels: (V,) 0 real, 1 fake.
        folds: (V,) number of the fold; -1 for a video without a score.

    Returns:
        The share; NaN if no fold has both classes.
    """
    won, pairs = 0.0, 0
    for fold in np.unique(folds[folds >= 0]):
        own = folds == fold
        if number := int(labels[own].sum() * (1 - labels[own]).sum()):
            won, pairs = won + number * auc(scores[own], labels[own]), pairs + number
    return won / pairs if pairs else math.nan


def p_value(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return how often guesses give this AUC or a higher one, videos being independent; NaN if a class is missing.

    Source: Mann and Whitney, On a test of whether one of two random variables is stochastically larger than the other,
        1947, one-sided.
    """
    reals, fakes = scores[labels == 0], scores[labels == 1]
    if not len(reals) or not len(fakes):
        return math.nan
    return float(mannwhitneyu(fakes, reals, alternative="greater").pvalue)


def least_p_value(labels: np.ndarray) -> float:
    """Return the p-value of a perfect order, below which none of so few videos can be; NaN if a class is missing.

    Example:
        >>> least_p_value(np.array([0, 0, 1, 1, 1]))
        0.1
    """
    fakes = int(labels.sum())
    return 1 / math.comb(len(labels), fakes) if 0 < fakes < len(labels) else math.nan


def importances(model: Pipeline, features: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Return what the model's AUC rests on.

    Args:
        model: see `fit_null_model`.
        features: (V, F), those of the tested videos.
        labels: (V,) 0 real, 1 fake.

    Returns:
        Index: the features' names, most important first. `importance`: by how much the AUC falls when the feature's
        values are shuffled among the videos, mean of 5 shuffles; 0 for one that the model does not have. `auc`: of the
        value itself as a score, below 0.5 where fakes have the lower values; NaN for words. Both are NaN if a
        class is missing.

    Source: Breiman, Random Forests, Machine Learning 2001, section 10.
    """
    table = pd.DataFrame({"importance": 0.0, "auc": math.nan}, index=features.columns)
    if len(np.unique(labels)) < 2:
        return table.assign(importance=math.nan)
    known = features[list(model.feature_names_in_)]
    found = permutation_importance(
        model,
        known,
        labels,
        scoring=lambda fitted, shuffled, truth: auc(null_scores(fitted, shuffled), truth),
        n_repeats=REPEATS,
        random_state=SEED,
    )
    table.loc[known.columns, "importance"] = found.importances_mean
    for name, values in features.select_dtypes("number").items():
        there = values.notna().to_numpy()
        table.loc[name, "auc"] = auc(values[there].rank(pct=True).to_numpy(), labels[there])
    return table.sort_values("importance", ascending=False, kind="stable")
