"""The check that scores and labels pass before anything is computed from them."""

import numpy as np
from numpy.typing import ArrayLike


class InvalidRowError(ValueError):
    """A row holds no probability, or no label.

    Args:
        index: the row's index; whoever knows the rows can name its video.
        problem: what is wrong with the row, in a few words.

    Attributes:
        index: as given.
        problem: as given.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(f"row {index}: {problem}")
        self.index = index
        self.problem = problem

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        # The default would call __init__ with only the message when the error crosses a process boundary.
        return type(self), (self.index, self.problem)


def checked_rows(scores: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return scores as float64 and labels as booleans (true for fake).

    Args:
        scores: (N,) P(fake) in [0, 1].
        labels: (N,) 0 real, 1 fake.

    Raises:
        InvalidRowError: a score is NaN, infinite or outside [0, 1], or a label is neither 0 nor 1.
        ValueError: the two are not rows of equal number.

    Example:
        >>> checked_rows([0.25, 1], [0, 1])
        (array([0.25, 1.  ]), array([False,  True]))
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(
            f"scores of shape {scores.shape} and labels of shape {labels.shape} do not fit: give one of each per row"
        )
    invalid = ~((scores >= 0) & (scores <= 1))
    if invalid.any():
        index = int(invalid.argmax())
        raise InvalidRowError(index, f"its score is {scores[index]}, and must be a probability in [0, 1]")
    invalid = (labels != 0) & (labels != 1)
    if invalid.any():
        index = int(invalid.argmax())
        raise InvalidRowError(index, f"its label is {labels[index]}, and must be 0 (real) or 1 (fake)")
    return scores, labels == 1


def checked_clusters(clusters: ArrayLike | None, num_rows: int) -> np.ndarray:
    """Return the number of each row's cluster, from 0 without gaps; without clusters each row is its own.

    Args:
        clusters: (N,) whole numbers; rows of one number are not independent of each other.
        num_rows: N.

    Raises:
        ValueError: the clusters are not N whole numbers.

    Example:
        >>> checked_clusters([70, 30, 70], 3)
        array([1, 0, 1])
    """
    if clusters is None:
        return np.arange(num_rows)
    clusters = np.asarray(clusters)
    if clusters.shape != (num_rows,) or (num_rows and clusters.dtype.kind not in "iu"):
        raise ValueError(
            f"clusters are {clusters.dtype} of shape {clusters.shape}: give a whole number for each of {num_rows} rows"
        )
    return np.unique(clusters, return_inverse=True)[1].ravel()
