"""Every metric of one set of scores, for any number of weightings of its clusters at once.

The rows are sorted once. A weighting then costs a few passes over them: cumulative sums for the ROC curve, and plain
sums for what is a mean over rows. The bootstrap asks for thousands of weightings, the point estimate for one.
"""

import threading
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from deepfake.metrics import curve as ranking
from deepfake.metrics.calibration_error import Gaps, calibration_error
from deepfake.metrics.curve import Curve
from deepfake.metrics.decision import decision_metrics, ratio

FPRS = (0.1, 0.01, 0.001)
NUM_BINS = 15  # of the calibration error, of equal width
GAPS = "gaps"  # of which the calibration error is the sum
LARGEST_LOSS = (
    100.0  # nats; the loss of a score of exactly 0 for a fake would be infinite, and counts so, as in PyTorch
)


class WeightedMetrics:
    """Computes all metrics under weights.

    Args:
        scores: (N,) P(fake) in [0, 1], float64.
        labels: (N,) true for fakes.
        clusters: (N,) numbers from 0 to C - 1, each at least once.
        thresholds: suffix of the metrics' names -> threshold; a score above it is called fake.
    """

    def __init__(
        self, scores: np.ndarray, labels: np.ndarray, clusters: np.ndarray, thresholds: Mapping[str, float]
    ) -> None:
        order = np.argsort(-scores, kind="stable")
        scores, self.labels = scores[order], labels[order].astype(np.float64)
        self.clusters = clusters[order].astype(np.intp)
        starts = np.flatnonzero(np.diff(scores, prepend=np.inf))
        self.starts = starts if len(starts) < len(scores) else None  # first rows of equal scores, if any are equal
        thresholds_above = -scores[starts]
        self.places = {suffix: int(np.searchsorted(thresholds_above, -at)) for suffix, at in thresholds.items()}
        self.residuals, self.bins = self.labels - scores, _bins(scores)
        self.sums = self._cluster_sums(scores)
        self.memory = threading.local()

    def _cluster_sums(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Sum over each cluster what is a mean over rows: (C,) each."""
        right = np.where(self.labels == 1, scores, 1 - scores)
        with np.errstate(divide="ignore"):
            losses = np.minimum(-np.log(right), LARGEST_LOSS)
        columns = {"rows": np.ones(len(scores)), "log_loss": losses, "brier": self.residuals**2}
        return {name: np.bincount(self.clusters, column) for name, column in columns.items()}

    @property
    def num_clusters(self) -> int:
        """C."""
        return len(self.sums["rows"])

    def gaps(self, values: np.ndarray, drawn: np.ndarray) -> Gaps:
        """Return the gaps of the calibration error with how many clusters have rows in each bin.

        Args:
            values: (bins,) `GAPS` of the rows as they are.
            drawn: (R, bins) of the replicates.
        """
        inside = [len(np.unique(self.clusters[start:end])) for start, end in pairwise(self.bins)]
        return Gaps(values, drawn, np.array(inside))

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute all metrics.

        Args:
            weights: (B, C) whole numbers as float64: how often each cluster counts.

        Returns:
            (B,) of each metric; NaN where it is not defined. Beside them `GAPS`, (B, bins): the sum of label minus
            score over the rows of each bin, divided by the number of all rows.
        """
        room = self._room(len(weights))
        # The mode has no effect on valid numbers, but without one numpy copies its result to `out`.
        rows = weights.take(self.clusters, axis=1, out=room[0], mode="clip")
        total = _dot(weights, self.sums["rows"])
        found = {name: ratio(_dot(weights, self.sums[name]), total) for name in ("log_loss", "brier")}
        found[GAPS] = self._gaps(rows) / np.where(total > 0, total, np.nan)[:, None]
        found["ece"] = calibration_error(found[GAPS])
        curve = self._curve(room)
        return {**self._ranking(curve), **self._decision(curve), **found}

    def auc(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute the AUC alone; see `__call__`."""
        room = self._room(len(weights))
        weights.take(self.clusters, axis=1, out=room[0], mode="clip")
        return {"auc": ranking.auc(self._curve(room))}

    def points(self, weights: np.ndarray, fprs: np.ndarray, recalls: np.ndarray) -> dict[str, np.ndarray]:
        """Compute points of the curves; see `__call__`.

        Returns:
            `tpr` (B, F) at false-positive rates `fprs`, `precision` (B, H) at `recalls`, each above 0; NaN of one class
            alone.
        """
        room = self._room(len(weights))
        weights.take(self.clusters, axis=1, out=room[0], mode="clip")
        curve = self._curve(room)
        return {
            "tpr": ranking.tpr_at_fprs(curve, fprs),
            "precision": ranking.precision_at_recalls(curve, recalls),
        }

    def _room(self, height: int) -> np.ndarray:
        """Return memory (5, B, N) of this thread's own; new pages for each weighting would take a third of the time."""
        room: np.ndarray | None = getattr(self.memory, "room", None)
        if room is None or room.shape[1] != height:
            room = self.memory.room = np.empty((5, height, len(self.clusters)))
        return room

    def _curve(self, room: np.ndarray) -> Curve:
        fakes = np.multiply(room[0], self.labels, out=room[1])
        reals = np.subtract(room[0], fakes, out=room[0])
        if self.starts is None:
            return Curve(fakes, reals, False, room[2:])
        shape = (room.shape[1], len(self.starts))
        grouped = room.reshape(5, -1)[:, : shape[0] * shape[1]].reshape(5, *shape)
        new_fakes = np.add.reduceat(fakes, self.starts, axis=1, out=grouped[4])
        new_reals = np.add.reduceat(reals, self.starts, axis=1, out=grouped[3])
        return Curve(new_fakes, new_reals, True, grouped[:3])

    def _gaps(self, rows: np.ndarray) -> np.ndarray:
        """Sum over the rows of each bin the number of fakes minus the scores: (B, bins)."""
        gaps = np.zeros((len(rows), NUM_BINS))
        for number, (start, end) in enumerate(pairwise(self.bins)):
            if end > start:
                gaps[:, number] = np.einsum("bn,n->b", rows[:, start:end], self.residuals[start:end])
        return gaps

    def _ranking(self, curve: Curve) -> dict[str, np.ndarray]:
        return {
            "auc": ranking.auc(curve),
            "pauc": ranking.partial_auc(curve),
            "ap": ranking.average_precision(curve),
            "eer": ranking.equal_error_rate(curve),
            **{tpr_name(fpr): ranking.tpr_at_fpr(curve, fpr) for fpr in FPRS},
        }

    def _decision(self, curve: Curve) -> dict[str, np.ndarray]:
        fakes, reals = (curve.at(counts, curve.num_thresholds) for counts in (curve.found, curve.wrong))
        return {
            f"{name}{suffix}": value
            for suffix, place in self.places.items()
            for name, value in decision_metrics(
                curve.at(curve.found, place), curve.at(curve.wrong, place), fakes, reals
            ).items()
        }


def tpr_name(fpr: float) -> str:
    """Name the true-positive rate at a false-positive rate.

    Example:
        >>> tpr_name(0.01)
        'tpr_at_fpr_0.01'
    """
    return f"tpr_at_fpr_{fpr}"


def _bins(scores: np.ndarray) -> np.ndarray:
    """Return where each bin of descending scores ends, from 0 to N: a bin holds its lower edge, the highest also 1."""
    edges = np.linspace(0, 1, NUM_BINS + 1)[1:-1]
    return np.concatenate([[0], np.searchsorted(-scores, -edges[::-1], side="right"), [len(scores)]])


def _dot(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    # No BLAS: the order of its sums, and with it the last digit, follows from the number of threads.
    return (weights * values).sum(axis=1)
