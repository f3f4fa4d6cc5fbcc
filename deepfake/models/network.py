"""What scores clips: a `Detector`, or a file that was exported from one."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from deepfake.schema import ClipSpec


class Network(nn.Module, ABC):
    """Gives each clip a logit.

    Attributes:
        spec: the input that it expects.
    """

    spec: ClipSpec

    @abstractmethod
    def forward(self, clips: Tensor) -> Tensor:
        """Compute the logits of clips.

        Args:
            clips: (B, T, 3, S, S) in [0, 1].

        Returns:
            (B,) logits, above 0 for fake.
        """
