"""Each loss against its formula in NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from deepfake.losses import gend as module
from deepfake.losses.class_mean import ClassMean
from deepfake.losses.focal import Focal
from deepfake.losses.gend import Gend
from deepfake.losses.smoothed import SmoothedBce

LOGITS, LABELS = np.array([2.0, -1.0, 0.5, -3.0, 4.0]), np.array([1.0, 1.0, 0.0, 0.0, 0.0])
P = 1 / (1 + np.exp(-LOGITS))


def entropy(labels: np.ndarray) -> np.ndarray:
    found: np.ndarray = -(labels * np.log(P) + (1 - labels) * np.log(1 - P))
    return found


OF_LABEL = np.where(LABELS == 1, P, 1 - P)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SmoothedBce(0.0), entropy(LABELS).mean()),
        (SmoothedBce(0.2), entropy(np.array([0.9, 0.9, 0.1, 0.1, 0.1])).mean()),
        (Focal(0.0), entropy(LABELS).mean()),
        (Focal(2.0), ((1 - OF_LABEL) ** 2 * -np.log(OF_LABEL)).mean()),
        (Focal(1.5, 0.25), (np.where(LABELS == 1, 0.25, 0.75) * (1 - OF_LABEL) ** 1.5 * -np.log(OF_LABEL)).mean()),
        (ClassMean(), (entropy(LABELS)[:2].mean() + entropy(LABELS)[2:].mean()) / 2),
    ],
)
def test_the_number(loss: nn.Module, expected: float) -> None:
    logits = torch.tensor(LOGITS, requires_grad=True)
    found = loss(logits, torch.tensor(LABELS))
    assert found.item() == pytest.approx(expected, rel=1e-9)
    found.backward()
    assert logits.grad is not None
    assert (logits.grad != 0).all()


def test_a_batch_of_one_class_has_that_classs_mean() -> None:
    reals = torch.tensor(LOGITS[2:])
    assert ClassMean()(reals, torch.zeros(3)).item() == pytest.approx(entropy(LABELS)[2:].mean())


FEATURES = np.random.default_rng(0).normal(size=(5, 7)) + 0.5


def gend(features: np.ndarray, labels: np.ndarray, uniformity: float, alignment: float) -> float:
    """Return what GenD's loss adds to the cross-entropy, pair by pair."""
    sphere = [row / np.linalg.norm(row) for row in features]
    pairs = [(i, j) for i in range(len(sphere)) for j in range(i)]
    squared = {(i, j): float(((sphere[i] - sphere[j]) ** 2).sum()) for i, j in pairs}
    alike = [squared[i, j] for i, j in pairs if labels[i] == labels[j]]
    spread = np.log(max(np.mean([np.exp(-2 * d) for d in squared.values()]), 1e-6))
    return float(uniformity * spread + alignment * np.mean(alike))


@pytest.mark.parametrize("labels", [LABELS, np.zeros(5), np.ones(5)])
@pytest.mark.parametrize("weights", [(0.5, 0.1), (0.5, 0.5), (0.0, 0.0)])
def test_gend_adds_uniformity_and_alignment(weights: tuple[float, float], labels: np.ndarray) -> None:
    features = torch.tensor(FEATURES, requires_grad=True)
    found = Gend(*weights)(features, torch.tensor(LOGITS), torch.tensor(labels))
    assert found.item() == pytest.approx(entropy(labels).mean() + gend(FEATURES, labels, *weights), rel=1e-9)
    found.backward()
    assert features.grad is not None and features.grad.isfinite().all()
    assert bool((features.grad != 0).any()) == any(weights)
    scaled = Gend(*weights)(torch.tensor(FEATURES * 9), torch.tensor(LOGITS), torch.tensor(labels))
    assert scaled.item() == pytest.approx(found.item())  # only directions count


@pytest.mark.parametrize("features", [np.ones((1, 3)), np.ones((4, 3)), np.zeros((4, 3))])
def test_gend_is_finite_without_pairs_and_without_distances(features: np.ndarray) -> None:
    given = torch.tensor(features, requires_grad=True)
    logits = torch.zeros(len(features), dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0.0, 1.0, 0.0, 1.0]).double()[: len(features)]
    found = Gend()(given, logits, labels)
    found.backward()
    assert found.item() == pytest.approx(np.log(2))
    assert given.grad is None or given.grad.isfinite().all()


def test_gend_computes_distances_in_full_precision_under_autocast() -> None:
    near = torch.tensor(FEATURES[:2] * 0 + FEATURES[0]).float()
    near[1, 0] += 1e-2
    near = near.bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = Gend(0.0, 1.0)(near, torch.zeros(2), torch.zeros(2))
    expected = gend(near.double().numpy(), np.zeros(2), 0.0, 1.0)
    assert found.dtype == torch.float
    assert found.item() - np.log(2) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("features", "labels", "uniformity", "alignment"),
    [
        ([[3.0, 0.0], [0.0, 0.5]], [0.0, 0.0], -4.0, 2.0),  # a right angle: d^2 is 2
        ([[3.0, 0.0], [-0.5, 0.0]], [0.0, 0.0], -8.0, 4.0),  # opposite: d^2 is 4
        ([[3.0, 0.0], [-0.5, 0.0]], [0.0, 1.0], -8.0, 0.0),  # no pair of one label
        ([[2.0, 2.0], [1.0, 1.0]], [1.0, 1.0], 0.0, 0.0),  # one direction
        # Three pairs, of d^2 2, 4 and 2; the first and the last are alike.
        ([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [0.0, 1.0, 0.0], np.log((2 * np.exp(-4) + np.exp(-8)) / 3), 4.0),
    ],
)
def test_gends_terms_on_features_made_by_hand(
    features: list[list[float]], labels: list[float], uniformity: float, alignment: float
) -> None:
    given, logits, of = (
        torch.tensor(features).double(),
        torch.zeros(len(labels)).double(),
        torch.tensor(labels).double(),
    )
    for weights, expected in (
        ((1.0, 0.0), uniformity),
        ((0.0, 1.0), alignment),
        ((0.5, 0.1), 0.5 * uniformity + 0.1 * alignment),
    ):
        assert Gend(*weights)(given, logits, of).item() == pytest.approx(np.log(2) + expected, abs=1e-9)


def test_gends_uniformity_is_never_below_the_logarithm_of_a_millionth(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the sphere the mean is exp(-8) at least, so the limit takes no part; it holds for what is not normalised."""
    monkeypatch.setattr(module, "normalize", lambda features, dim: features)
    far = torch.tensor([[0.0], [100.0]], requires_grad=True)
    found = Gend(1.0, 0.0)(far, torch.zeros(2), torch.zeros(2))
    assert found.item() == pytest.approx(np.log(2) + np.log(1e-6), rel=1e-6)
    assert np.exp(-8) > 1e-6
