"""Each loss against its formula in NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from deepfake.losses.class_mean import ClassMean
from deepfake.losses.focal import Focal
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
