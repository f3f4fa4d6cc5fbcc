"""Which frames of a track speak most for a fake, and which least."""

import numpy as np


def suspicious_frames(scores: np.ndarray, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the most and of the least suspicious frames, the most extreme first.

    Of equal scores the earlier frame counts as more suspicious. No frame is in both: of few frames each gets half, and
    the most suspicious ones an odd one.

    Args:
        scores: (N,) P(fake) of each frame, or of the clip that it begins.
        count: the most frames of each kind.

    Example:
        >>> suspicious_frames(np.array([0.5, 0.9, 0.1, 0.7]), 2)
        (array([1, 3]), array([2, 0]))
        >>> suspicious_frames(np.array([0.2]), 2)
        (array([0]), array([], dtype=int64))
    """
    order = np.argsort(-scores, kind="stable")
    return order[: min(count, (len(order) + 1) // 2)], order[::-1][: min(count, len(order) // 2)]
