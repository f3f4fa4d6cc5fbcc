"""DeLong's covariance against all pairs and a published example, Hanley and McNeil's error, and Holm's correction."""

import math

import numpy as np
import pytest
from scipy.stats import chi2
from sklearn.metrics import roc_auc_score

from deepfake.metrics.corrections import holm
from deepfake.metrics.delong import auc_covariance, difference_variance, placements
from deepfake.metrics.hanley_mcneil import hanley_mcneil_error
from tests.metrics.ovarian import OVARIAN


def pairs(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Placement values of one detector, by a loop over all pairs."""
    fakes, reals = scores[labels], scores[~labels]
    won = [[1.0 if fake > real else 0.5 if fake == real else 0.0 for real in reals] for fake in fakes]
    return np.mean(won, axis=1), np.mean(won, axis=0)


@pytest.mark.parametrize("digits", [1, 15])
@pytest.mark.parametrize(("num_fakes", "num_reals"), [(2, 2), (7, 30), (40, 25)])
def test_ranks_give_what_all_pairs_give(num_fakes: int, num_reals: int, digits: int) -> None:
    generator = np.random.default_rng(num_fakes)
    labels = generator.permutation(np.arange(num_fakes + num_reals) < num_fakes)
    scores = (generator.random((3, len(labels))) * 0.6 + 0.3 * labels).round(digits)
    loops = [pairs(each, labels) for each in scores]
    of_fakes, of_reals = placements(scores, labels)
    assert np.allclose(of_fakes, [of for of, _ in loops]) and np.allclose(of_reals, [of for _, of in loops])
    areas, covariance = auc_covariance(scores, labels)
    assert areas == pytest.approx([roc_auc_score(labels, each) for each in scores])
    for i in range(3):
        for j in range(3):
            (a10, a01), (b10, b01) = loops[i], loops[j]
            both = ((a10 - a10.mean()) * (b10 - b10.mean())).sum() / (num_fakes - 1) / num_fakes
            both += ((a01 - a01.mean()) * (b01 - b01.mean())).sum() / (num_reals - 1) / num_reals
            assert covariance[i, j] == pytest.approx(both, abs=1e-15)
    expected = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert difference_variance(scores[:2], labels) == pytest.approx(expected, abs=1e-15)


def test_detectors_that_rank_alike_differ_by_exactly_nothing() -> None:
    generator = np.random.default_rng(0)
    scores, labels = generator.random(101), generator.random(101) < 0.4
    assert difference_variance(np.stack([scores, scores**3]), labels) == 0


@pytest.mark.parametrize("labels", [[], [True], [False, False]])
def test_one_class_alone_has_no_area(labels: list[bool]) -> None:
    areas, covariance = auc_covariance(np.full((2, len(labels)), 0.5), np.array(labels, bool))
    assert np.isnan(areas).all() and np.isnan(covariance).all() and covariance.shape == (2, 2)


def test_a_single_real_has_an_area_and_no_covariance() -> None:
    areas, covariance = auc_covariance(np.array([[0.9, 0.4, 0.5]]), np.array([True, True, False]))
    assert areas == [0.5] and np.isnan(covariance).all()
    assert math.isnan(difference_variance(np.array([[0.9, 0.4, 0.5]] * 2), np.array([True, True, False])))


def test_the_example_of_delong_as_sas_publishes_it() -> None:
    # Output of SAS/STAT, PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves": Krebs-Goplerud score,
    # albumin and total protein of the 43 of 49 patients who have all three.
    *tests, survived = np.array(OVARIAN).T
    albumin, protein, score = tests
    areas, covariance = auc_covariance(np.stack([10 - score, albumin, protein]), survived == 1)
    assert areas.round(4).tolist() == [0.7258, 0.7366, 0.6478]
    assert np.sqrt(covariance.diagonal()).round(4).tolist() == [0.1028, 0.0927, 0.1000]
    contrasts = np.array([[-1, 1, 0], [-1, 0, 1]])
    differences, spread = contrasts @ areas, contrasts @ covariance @ contrasts.T
    assert differences.round(4).tolist() == [0.0108, -0.0780]
    assert np.sqrt(spread.diagonal()).round(4).tolist() == [0.0953, 0.1046]
    assert chi2.sf(differences**2 / spread.diagonal(), 1).round(4).tolist() == [0.9102, 0.4561]
    together = differences @ np.linalg.solve(spread, differences)
    assert (round(together, 4), round(float(chi2.sf(together, 2)), 4)) == (2.5340, 0.2817)


def test_the_example_of_hanley_and_mcneil() -> None:
    # Radiology 143, 1982, tables I and II: ratings 1 to 5 of 58 normal and 51 abnormal images; W = 0.893, SE = 0.032.
    normal, abnormal = np.repeat(range(5), [33, 6, 6, 11, 2]), np.repeat(range(5), [3, 2, 2, 11, 33])
    areas, _ = auc_covariance(np.concatenate([normal, abnormal])[None], np.arange(109) >= 58)
    assert round(areas[0], 3) == 0.893
    assert round(hanley_mcneil_error(areas[0], 51, 58), 3) == 0.032


@pytest.mark.parametrize(("auc", "expected"), [(0.0, 0.0), (1.0, 0.0), (0.5, math.sqrt((12 + 8 + 1) / (12 * 12 * 8)))])
def test_hanley_and_mcneils_error_at_chance_is_the_rank_sums_and_at_the_ends_nothing(
    auc: float, expected: float
) -> None:
    assert hanley_mcneil_error(auc, 12, 8) == pytest.approx(expected)


@pytest.mark.parametrize("arguments", [(1.1, 5, 5), (math.nan, 5, 5), (0.5, 0, 5), (0.5, 5, 0)])
def test_an_area_that_cannot_be_is_refused(arguments: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError, match="the AUC must be in"):
        hanley_mcneil_error(*arguments)


def plain_holm(p_values: list[float]) -> list[float]:
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def test_holm_by_hand() -> None:
    # 4 * 0.005, then 3 * 0.01, 2 * 0.03, and 0.04 is raised to what stands before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("size", [0, 1, 2, 30])
def test_holm_equals_a_plain_loop(size: int) -> None:
    p_values = (np.random.default_rng(size).random(size) ** 3).round(2).tolist()
    assert holm(p_values) == pytest.approx(plain_holm(p_values))


def test_holm_does_not_count_what_could_not_be_compared() -> None:
    found = holm([0.02, math.nan, 0.03])
    assert found[[0, 2]] == pytest.approx([0.04, 0.04]) and math.isnan(found[1])


def test_holm_refuses_what_is_no_p_value() -> None:
    with pytest.raises(ValueError, match="must be in"):
        holm([0.5, 1.5])
