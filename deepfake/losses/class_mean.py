"""The mean of the cross-entropy over fakes and that over reals.

Source: the DFDC winner's training (Seferbekov 2020): (mean over fakes + mean over reals) / 2. Differs: in a batch
without one class, the loss is that of the other, not half of it.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits


class ClassMean(nn.Module):
    """Gives both classes the same weight, however many clips of each a batch has."""

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")
        fake = labels > 0.5
        return torch.stack([losses[which].mean() for which in (fake, ~fake) if which.any()]).mean()
