"""Binary cross-entropy with label smoothing.

Source: Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", section 7, for two classes.
"""

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from deepfake.ranges import Share


class SmoothedBce(nn.Module):
    """Draws labels towards one half, so that a score of exactly 0 or 1 is never the aim.

    Args:
        smoothing: e; a label y becomes y * (1 - e) + e / 2.
    """

    def __init__(self, smoothing: Share = 0.1) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits, labels * (1 - self.smoothing) + self.smoothing / 2)
