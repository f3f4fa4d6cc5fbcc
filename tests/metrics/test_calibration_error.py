"""The interval of the calibration error, where the true error is known: what it holds, and how often."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression

from deepfake.metrics import measure, measure_probabilities
from deepfake.metrics.calibration_error import Gaps, calibration_error, calibration_error_interval
from deepfake.metrics.weighted import NUM_BINS

D = 2.0  # between the means of both classes, in standard deviations, so that 2 z is the true logit of z


def true_error(slope: float, offset: float) -> float:
    """Return the error of the score sigmoid(slope * 2 z + offset) among files of which half are fake, by quadrature."""
    z = np.linspace(-10, 10, 200_001)
    fakes, reals = 0.5 * norm.pdf(z - D / 2), 0.5 * norm.pdf(z + D / 2)
    score = expit(slope * D * z + offset)
    bins = np.minimum((score * NUM_BINS).astype(int), NUM_BINS - 1)
    gaps = np.bincount(bins, (fakes * (1 - score) - reals * score) * (z[1] - z[0]), NUM_BINS)
    return float(calibration_error(gaps))


def drawn(generator: np.random.Generator, people: int, slope: float, offset: float) -> tuple[np.ndarray, ...]:
    """Return scores, labels and people of 3 reals and 3 fakes a person, or of independent videos if `people` is 0."""
    count = people or 200
    person = np.repeat(np.arange(count), 6) if people else np.arange(count)
    label = np.arange(len(person)) % 2
    shared, own = generator.normal(size=count)[person], generator.normal(size=len(person))
    z = D * (label - 0.5) + np.sqrt(0.4) * shared + np.sqrt(0.6) * own
    return expit(slope * D * z + offset), label, person


def test_it_holds_the_error_and_0_where_chance_explains_it() -> None:
    generator = np.random.default_rng(0)
    gaps = generator.normal(size=15) / 100
    replicates = gaps + generator.normal(size=(500, 15)) / 100
    many = np.full(15, 10_000)
    low, high = calibration_error_interval(Gaps(gaps, replicates, many), 0.025)
    assert low == 0 < calibration_error(gaps) <= high < 0.3
    far = gaps / 10 + np.where(gaps < 0, -0.05, 0.05)
    low, high = calibration_error_interval(Gaps(far, (replicates - gaps) / 10 + far, many), 0.025)
    # Where no gap is near 0 the error is a plain sum, whose interval is as far to each side.
    reach = 1.96 * np.sqrt(15) / 1000
    assert (low, high) == pytest.approx((calibration_error(far) - reach, calibration_error(far) + reach), abs=0.001)


def test_bins_without_rows_are_nothing_and_two_replicates_are_enough() -> None:
    gaps, replicates = np.array([0.0, 0.2, 0.1]), np.array([[0.0, 0.1, 0.1], [0.0, 0.3, 0.1]])
    low, high = calibration_error_interval(Gaps(gaps, replicates, np.array([0, 2, 1])), 0.025)
    assert 0 <= low <= 0.2 <= high < 1


def test_both_ways_of_measuring_have_the_same_interval() -> None:
    score, label, person = drawn(np.random.default_rng(1), 20, 2, 0)
    plain = measure(score, label, clusters=person, replicates=200)["ece"]
    weighed = measure_probabilities(score, label, 0.5, clusters=person, replicates=200)["ece"]
    assert plain.value == pytest.approx(weighed.value)
    assert (plain.low, plain.high) == pytest.approx((weighed.low, weighed.high), abs=1e-9)


def test_a_gap_that_is_the_same_in_every_replicate_counts_with_what_it_is() -> None:
    label = np.repeat([0, 1], 40)
    score = np.where(label == 1, 0.75, np.random.default_rng(0).uniform(0, 0.6, 80).round(2))
    found = measure(score, label, replicates=500)["ece"]
    assert found.value - 0.08 < found.low < found.value < found.high < found.value + 0.08


@pytest.mark.parametrize("seed", range(12))
def test_the_measured_error_is_in_it_whatever_the_scores(seed: int) -> None:
    generator = np.random.default_rng(seed)
    label = np.arange(60) % 2
    levels = generator.uniform(0, 1, 1 + seed % 4)
    score = np.where(generator.random(60) < 0.1, generator.random(60), generator.choice(levels, 60))
    steps = IsotonicRegression(out_of_bounds="clip", y_min=0.01, y_max=0.99).fit(score, label).predict(score)
    for values in (score, score.round(1), steps, np.where(score > 0.5, 0.97, 0.03)):
        for found in (
            measure(values, label, replicates=200),
            measure_probabilities(values, label, 0.3, replicates=200),
        ):
            ece = found["ece"]
            assert np.isnan(ece.low) or 0 <= ece.low <= ece.value <= ece.high <= 1


def test_scores_that_are_right_or_wrong_have_the_same_interval_both_ways() -> None:
    label = np.arange(200) % 2
    score = label.astype(float)
    score[[3, 4, 50]] = 1 - score[[3, 4, 50]]
    plain, weighed = (
        measure(score, label, replicates=300)["ece"],
        measure_probabilities(score, label, 0.5, replicates=300)["ece"],
    )
    assert (plain.low, plain.high) == pytest.approx((weighed.low, weighed.high), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("people", [20, 60, 0])
@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (2, 0), (0.5, 0), (1, 1)])
def test_it_holds_as_often_as_it_says(people: int, slope: float, offset: float) -> None:
    generator, runs, held, true = np.random.default_rng(5), 200, 0, true_error(slope, offset)
    assert (true < 1e-3) == (slope == 1 and offset == 0)
    for seed in range(runs):
        score, label, person = drawn(generator, people, slope, offset)
        found = measure_probabilities(score, label, 0.5, clusters=person, replicates=300, seed=seed)["ece"]
        held += found.low <= true + 1e-4 and true <= found.high
    assert held / runs >= 0.92  # where it is 0.95, so many of 200 are seen in 97 of 100 such tests
