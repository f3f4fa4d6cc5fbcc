"""Normalisation layers train, and what stands on the backbone."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from deepfake.errors import ConfigError
from deepfake.models.backbones import Backbone
from deepfake.models.tune.tune import Tune, freeze

NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.InstanceNorm2d, _BatchNorm)  # timm's own derive from these


class Norm(Tune):
    """Trains the affine parameters of all normalisation layers, found by their type, and the head.

    Source: GenD (WACV 2026): 102,400 parameters of CLIP ViT-L/14, 104,448 of PE-Core L/14, 100,352 of DINOv3 L/16.
    """

    def apply(self, backbone: Backbone) -> None:
        """Freeze all but the normalisation layers.

        Raises:
            ConfigError: there is none with parameters.
        """
        freeze(backbone)
        affine = [
            parameter
            for module in backbone.modules()
            if isinstance(module, NORMS)
            for parameter in module.parameters(recurse=False)
        ]
        if not affine:
            raise ConfigError(
                f"model/tune=norm: {type(backbone).__name__} {backbone.name} has no normalisation layer with "
                "parameters: choose model/tune=head"
            )
        for parameter in affine:
            parameter.requires_grad_(True)
