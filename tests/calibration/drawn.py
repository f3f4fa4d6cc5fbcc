"""Videos with scores that are as wrong as detectors' are: they rank well, and are too sure of fakes."""

import numpy as np
from scipy.special import expit


def drawn_videos(num_reals: int, num_fakes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, labels and the number of the person of each video; a person has two to four videos."""
    generator = np.random.default_rng(seed)
    label = generator.permutation(np.repeat([0, 1], [num_reals, num_fakes]))
    person = np.arange(len(label)) // 3
    liking = generator.normal(0, 0.5, person.max() + 1)[person]
    score = expit(1.5 + 2.5 * (label - 0.5) + 2 * generator.normal(size=len(label)) + liking)
    return score, label, person
