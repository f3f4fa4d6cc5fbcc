"""Intervals hold as often as they say, and p-values are uniform where there is no difference: simulations of scores
whose true numbers are known.

Scores are normal and their means differ by class, so that the true AUC, and with the threshold in the middle the true
balanced accuracy and equal error rate, are values of the normal distribution.
"""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import kstest, norm

from deepfake.metrics.comparisons import compare
from deepfake.metrics.measurement import measure

AUC = 0.85
GAP = norm.ppf(AUC) * np.sqrt(2)  # between the means of both classes, in standard deviations
TRUE = {"auc": AUC, "balanced_accuracy": norm.cdf(GAP / 2), "eer": norm.cdf(-GAP / 2)}


def as_scores(values: np.ndarray) -> np.ndarray:
    """Values around 0 as probabilities around 0.5."""
    return 1 / (1 + np.exp(-values))


def drawn_clips(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, labels and people of 60 people with 3 real and 3 fake videos each, of 4 clips each."""
    people, labels = np.repeat(np.arange(60), 6), np.tile([0, 0, 0, 1, 1, 1], 60)
    of_people, of_videos = generator.normal(size=60)[people], generator.normal(size=360)
    videos = np.sqrt(0.3) * of_people + np.sqrt(0.4) * of_videos + GAP * (labels - 0.5)
    clips = np.repeat(videos, 4) + np.sqrt(0.3) * generator.normal(size=1440)
    return as_scores(clips), np.repeat(labels, 4), np.repeat(people, 4)


@pytest.mark.slow
def test_intervals_over_people_hold_and_those_over_clips_do_not() -> None:
    generator, runs = np.random.default_rng(0), 400
    held, naive = Counter[str](), Counter[str]()
    for seed in range(runs):
        scores, labels, people = drawn_clips(generator)
        over_people = measure(scores, labels, clusters=people, replicates=300, seed=seed)
        over_clips = measure(scores, labels, replicates=100, seed=seed)
        for name, value in TRUE.items():
            held[name] += over_people[name].low <= value <= over_people[name].high
            naive[name] += over_clips[name].low <= value <= over_clips[name].high
    for name in TRUE:
        assert 0.93 <= held[name] / runs <= 0.97, (name, held[name])
        assert naive[name] / runs < 0.85, (name, naive[name])


@pytest.mark.slow
@pytest.mark.parametrize(("num_fakes", "num_reals"), [(40, 40), (340, 178)])
def test_delongs_interval_holds_for_independent_videos(num_fakes: int, num_reals: int) -> None:
    generator, runs, held = np.random.default_rng(1), 1000, 0
    labels = np.arange(num_fakes + num_reals) < num_fakes
    for _ in range(runs):
        found = measure(as_scores(generator.normal(size=len(labels)) + GAP * labels), labels, replicates=2)["auc"]
        held += found.low <= AUC <= found.high
    assert 0.93 <= held / runs <= 0.97


@pytest.mark.slow
def test_p_values_are_uniform_where_two_detectors_are_equally_good() -> None:
    generator, p_values = np.random.default_rng(2), []
    labels = np.arange(200) < 120
    for _ in range(1000):
        shared = generator.normal(size=200)
        pair = [as_scores(0.6 * shared + 0.8 * generator.normal(size=200) + GAP * labels) for _ in range(2)]
        p_values.append(compare(*pair, labels, replicates=2)["auc"].p_value)
    assert kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.slow
def test_p_values_of_the_bootstrap_over_people_are_uniform_as_well() -> None:
    generator, p_values = np.random.default_rng(3), []
    for seed in range(150):
        first, labels, people = drawn_clips(generator)
        second, _, _ = drawn_clips(generator)
        found = compare(first[::4], second[::4], labels[::4], clusters=people[::4], replicates=300, seed=seed)
        p_values.append(found["auc"].p_value)
    assert kstest(p_values, "uniform").pvalue > 0.01
