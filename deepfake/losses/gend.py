"""GenD's loss: cross-entropy, and where the features of a batch lie on the unit sphere.

Source: GenD (WACV 2026), authors' code; both terms by Wang and Isola 2020, "Understanding Contrastive Representation
Learning through Alignment and Uniformity on the Hypersphere". Differs: one logit, so the cross-entropy is binary.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from deepfake.losses.feature_loss import FeatureLoss
from deepfake.ranges import NotNegative

_LEAST = 1e-6  # of the mean below, so that its logarithm and gradient stay finite


class Gend(FeatureLoss):
    """Adds to the cross-entropy that features spread over the sphere, and that those of one label lie together.

    With d the distance of two clips' features, each divided by its L2 norm:

        uniformity   log(max(mean of exp(-2 d^2) over all pairs, 1e-6))
        alignment    mean of d^2 over the pairs of one label, reals and fakes together

    Pairs are those of a batch (of a process, where several train); a term without a pair is 0.

    Args:
        uniformity: weight of the first; 0.5 for CLIP and DINOv3, 0 for PE.
        alignment: weight of the second; 0.1 for CLIP, 0.5 for DINOv3, 0 for PE.
    """

    def __init__(self, uniformity: NotNegative = 0.5, alignment: NotNegative = 0.1) -> None:
        super().__init__()
        self.uniformity = uniformity
        self.alignment = alignment

    def forward(self, features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        loss = binary_cross_entropy_with_logits(logits, labels)
        if features.dtype in (torch.float16, torch.bfloat16):
            features = features.float()  # half precision would lose distances between features that lie together
        squared = torch.pdist(normalize(features, dim=1)).square()  # every pair once
        first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
        alike = squared[labels[first] == labels[second]]
        if len(squared):
            loss = loss + self.uniformity * (-2 * squared).exp().mean().clamp(min=_LEAST).log()
        if len(alike):
            loss = loss + self.alignment * alike.mean()
        return loss
