"""Heads map features of a clip (B, F) to one logit (B, 1)."""

from torch import Tensor, nn
from torch.nn.functional import normalize

from deepfake.ranges import Share, Width


class MesoHead(nn.Sequential):
    """MesoNet's dense layers: dropout 0.5, 16 units, LeakyReLU 0.1, dropout 0.5, one logit.

    Source: Afchar et al. 2018, class `Meso4`. Differs: the logit is of P(fake); theirs is of P(real). It begins as
    PyTorch's layers do, see `deepfake.models.backbones.meso_block`.
    """

    def __init__(self, num_features: int, *, hidden_size: Width = 16, dropout: Share = 0.5) -> None:
        super().__init__(
            nn.Dropout(dropout),
            nn.Linear(num_features, hidden_size),
            nn.LeakyReLU(0.1),
            nn.Dropout(dropout),
            nn.Linear(hidden_size, 1),
        )


class LinearHead(nn.Sequential):
    """Dropout and one linear layer.

    Args:
        num_features: F.
        dropout: probability.
        normalise: divide the features of a clip by their L2 norm first, so that only their direction counts (GenD).

    Differs: GenD has a logit for each class and no dropout; one logit is the difference of the two, and dropout is an
    option: `model.head.dropout=0`.
    """

    def __init__(self, num_features: int, *, dropout: Share = 0.2, normalise: bool = False) -> None:
        super().__init__(nn.Dropout(dropout), nn.Linear(num_features, 1))
        self.normalise = normalise

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = super().forward(normalize(features, dim=1) if self.normalise else features)
        return logits
