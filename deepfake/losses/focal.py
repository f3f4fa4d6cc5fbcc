"""Focal loss: cross-entropy in which what is already right counts little.

Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5; computed by torchvision.
"""

from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss

from deepfake.ranges import NotNegative, Share


class Focal(nn.Module):
    """Multiplies the cross-entropy of a clip by (1 - p) ** gamma, p being the probability of its label.

    Args:
        gamma: 0 is cross-entropy; the larger, the less easy clips count.
        alpha: weight of fakes; reals have 1 - alpha. null weighs nothing, since the sampler balances the classes.
    """

    def __init__(self, gamma: NotNegative = 2.0, alpha: Share | None = None) -> None:
        super().__init__()
        self.gamma = gamma
        self.alpha = -1.0 if alpha is None else alpha  # torchvision's word for none

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        loss: Tensor = sigmoid_focal_loss(logits, labels, alpha=self.alpha, gamma=self.gamma, reduction="mean")
        return loss
