"""The model and its cross-validation on tables whose answer is known, and on all that a small corpus may lack."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from deepfake.null_audit import cross_validate, fit_null_model, null_scores
from deepfake.null_audit.figures import auc_within


def table(num: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Noise, with a constant column, one in which nothing is known, and words; half of the videos are fake."""
    generator = np.random.default_rng(seed)
    features = pd.DataFrame(generator.normal(size=(num, 4)), columns=list("abcd"))
    features = features.mask(generator.random((num, 4)) < 0.1)
    features["constant"], features["unknown"] = 1.0, np.nan
    features["codec"] = generator.choice(np.array(["h264", "vp9", None], object), num)
    return features, np.arange(num) % 2


def test_a_plain_difference_is_learnt_with_gaps_in_it() -> None:
    (features, labels), (others, their_labels) = table(200), table(300, 1)
    for each, own in ((features, labels), (others, their_labels)):
        each["b"] += 4 * own
    scores = null_scores(fit_null_model(features, labels), others)
    there = others["b"].notna().to_numpy()
    assert roc_auc_score(their_labels[there], scores[there]) > 0.98
    assert ((scores > 0) & (scores < 1)).all()


def test_a_missing_value_can_tell_by_itself() -> None:
    features, labels = table(200)
    features.loc[labels == 1, "a"] = np.nan
    features["a"] = features["a"].where(labels == 1, features["a"].fillna(0.0))
    assert roc_auc_score(labels, null_scores(fit_null_model(features, labels), features)) == 1


def test_noise_gives_chance() -> None:
    found = []
    for seed in range(4):
        features, labels = table(300, seed)
        scores, folds = cross_validate(features, labels, np.arange(300))
        found.append(auc_within(scores, labels, folds))
    assert 0.44 < np.mean(found) < 0.56


def test_a_codec_that_train_does_not_have_counts_as_missing() -> None:
    features, labels = table(60)
    model = fit_null_model(features, labels)
    new, missing = features.assign(codec="av1"), features.assign(codec=None)
    np.testing.assert_array_equal(null_scores(model, new), null_scores(model, missing))


@pytest.mark.slow  # threads that wait for busy cores take a hundred times as long
def test_the_same_numbers_on_one_thread_and_on_two_and_again() -> None:
    features, labels = table(400)
    found = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            found.append(null_scores(fit_null_model(features, labels), features))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_no_group_is_on_both_sides() -> None:
    """A model that knows each group's name by heart learns nothing from it."""
    groups = np.repeat(np.arange(40), 5)
    labels = np.random.default_rng(0).integers(0, 2, 40)[groups]  # a group is real or fake as a whole
    features = pd.DataFrame({"name": np.random.default_rng(1).permutation(40)[groups].astype(float)})
    scores, folds = cross_validate(features, labels, groups)
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in range(40)) and set(folds) == set(range(5))
    assert auc_within(scores, labels, folds) < 0.65
    leaky, its_folds = cross_validate(features, labels, np.arange(200))
    assert auc_within(leaky, labels, its_folds) > 0.8


@pytest.mark.parametrize(
    ("labels", "groups", "num_folds"),
    [
        ([0, 0, 0, 1], [0, 1, 2, 3], 0),  # one fake
        ([0, 1, 0, 1], [0, 0, 0, 0], 0),  # one group
        ([0, 0, 1, 1], [0, 1, 2, 3], 2),
        ([0, 0, 0, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5, 6], 3),
        ([0, 0, 1, 1], [0, 0, 1, 1], 0),  # without one of the groups a class is missing
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 3, 3], 2),  # all fakes in one group, so its fold cannot be scored
    ],
)
def test_a_small_train_is_cross_validated_as_far_as_it_goes(
    labels: list[int], groups: list[int], num_folds: int
) -> None:
    features = pd.DataFrame({"a": np.arange(len(labels), dtype=float)})
    scores, folds = cross_validate(features, np.array(labels), np.array(groups))
    assert (np.isnan(scores) == (folds == -1)).all()
    assert len(set(folds[folds >= 0].tolist())) == num_folds
