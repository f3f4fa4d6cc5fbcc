"""The temporal modules beside `lstm` and `mean`."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from deepfake.errors import ConfigError
from deepfake.models.temporal import Attention, BiLstm, Gru, Temporal, Transformer
from deepfake.models.temporal.transformer import _positions


def clips() -> Tensor:
    return torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("module", "ordered"),
    [(Gru(4, hidden_size=6), True), (BiLstm(4, hidden_size=6), True), (Attention(4), False), (Transformer(4), True)],
    ids=lambda value: type(value).__name__,
)
def test_shape_and_whether_order_counts(module: Temporal, ordered: bool) -> None:
    module.eval()
    features = clips()
    first = module(features)
    assert first.shape == (3, module.num_features)
    assert torch.equal(module(features), first)
    shuffled = module(features[:, [0, 3, 2, 1, 4]])
    assert torch.allclose(shuffled, first, atol=1e-6) is not ordered


def test_both_directions_see_the_whole_clip() -> None:
    torch.manual_seed(0)
    module, features = BiLstm(4, hidden_size=6), clips().requires_grad_()
    module(features)[:, :6].sum().backward(retain_graph=True)
    assert (features.grad.abs().sum((0, 2)) > 0).all()  # type: ignore[union-attr]
    features.grad = None
    module(features)[:, 6:].sum().backward()
    assert (features.grad.abs().sum((0, 2)) > 0).all()  # type: ignore[attr-defined]


def test_attention_is_the_weighted_mean_of_numpy() -> None:
    torch.manual_seed(0)
    module, features = Attention(4, hidden_size=3), clips()
    first, second = (layer for layer in module.weigh if isinstance(layer, nn.Linear))
    w, b, v = (value.detach().numpy() for value in (first.weight, first.bias, second.weight))
    x = features.numpy()
    weights = np.exp(np.tanh(x @ w.T + b) @ v.T)
    expected = (weights / weights.sum(1, keepdims=True) * x).sum(1)
    np.testing.assert_allclose(module(features).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_positions_of_a_transformer() -> None:
    found = _positions(3, 4)
    angles = np.array([[0, 0], [1, 0.01], [2, 0.02]])
    expected = np.stack([np.sin(angles), np.cos(angles)], 2).reshape(3, 4)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(("size", "heads"), [(10, 4), (9, 3)])
def test_a_transformers_size_fits_its_heads(size: int, heads: int) -> None:
    with pytest.raises(ConfigError, match=rf"hidden_size={size}: choose an even multiple of num_heads={heads}"):
        Transformer(4, hidden_size=size, num_heads=heads)
