import pytest
import torch

from deepfake.models.heads import LinearHead


def test_with_normalise_only_the_direction_of_features_counts() -> None:
    torch.manual_seed(0)
    head, features = LinearHead(4, normalise=True).eval(), torch.randn(3, 4)
    torch.testing.assert_close(head(features), head(features * 7))
    unit = features / features.square().sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(head(features), unit @ head[1].weight.T + head[1].bias)
    plain = LinearHead(4).eval()
    plain.load_state_dict(head.state_dict())  # the weights have the same names
    torch.testing.assert_close(plain(features), features @ head[1].weight.T + head[1].bias)
    assert plain(features)[0].item() != pytest.approx(head(features)[0].item())
