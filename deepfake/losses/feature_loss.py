"""What a loss derives from that needs a clip's features beside its logit."""

from torch import Tensor, nn


class FeatureLoss(nn.Module):
    """A loss of features, logits and labels; the task calls any other with logits and labels."""

    def forward(self, features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Args:
            features: (B, F), what the head receives.
            logits: (B,), above 0 for fake.
            labels: (B,), 1 for fake.
        """
        raise NotImplementedError
