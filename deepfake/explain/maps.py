"""Heat maps of clips: where in each frame a detector's logit depends on what it sees.

    gradient   the logit's gradient times what a blur takes away, summed over the colours of a pixel and smoothed. It is
               the change of the logit, to first order, when this place is blurred, whichever its sign. It needs nothing
               but the gradient of the input, so every network has it: transformers, windows and thumbnails too.
    grad_cam   Grad-CAM at the last feature map of a convolutional backbone: what raises the logit.

Source: captum, `Saliency` and `LayerGradCam`; Selvaraju et al. 2017, "Grad-CAM".
Differs: `gradient` is gradient times input (Shrikumar et al. 2016) with a blurred picture in the place of a black one.
"""

from typing import Literal

import torch
from captum.attr import LayerGradCam, Saliency
from torch import Tensor
from torch.nn.functional import interpolate

from deepfake.errors import ConfigError
from deepfake.explain.hiding import blurred
from deepfake.models.detector import Detector

Method = Literal["gradient", "grad_cam"]


def heat_maps(detector: Detector, clips: Tensor, method: Method = "gradient") -> Tensor:
    """Compute a heat map for each frame.

    Each clip is explained alone, so its maps do not depend on the others.

    Args:
        detector: in eval mode.
        clips: (B, T, 3, S, S) in [0, 1], on the detector's device.
        method: `gradient` or `grad_cam`, as the top of this file says.

    Returns:
        (B, T, S, S) float32 in [0, 1], where 1 is the strongest place of a clip; all 0 if nothing speaks for a fake.

    Raises:
        ConfigError: Grad-CAM is asked of a backbone without a feature map.
        ValueError: the detector is in training mode.
    """
    if detector.training:
        raise ValueError("the detector is in training mode, in which its maps are random: call detector.eval() first")
    compute = _gradient if method == "gradient" else _grad_cam
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast(clips.device.type, enabled=False),
        torch.backends.cudnn.flags(enabled=False),  # it computes no gradient of a recurrent network in eval mode
    ):
        maps = torch.stack([compute(detector, clip[None].detach().clone())[0] for clip in clips])
    return maps / maps.amax((1, 2, 3), keepdim=True).clamp(min=torch.finfo(maps.dtype).tiny)


def _gradient(detector: Detector, clips: Tensor) -> Tensor:
    gradient = Saliency(detector).attribute(clips.requires_grad_(), abs=False)
    clips = clips.detach()
    change = (gradient.detach() * (clips - blurred(clips))).sum(2)
    return blurred(change).abs()


def _grad_cam(detector: Detector, clips: Tensor) -> Tensor:
    name = detector.backbone.map_layer
    if not name:
        raise _no_map(detector)
    layer = detector.backbone.get_submodule(name)
    maps = LayerGradCam(detector, layer).attribute(clips.requires_grad_(), relu_attributions=True).detach()
    if maps.ndim != 4 or maps.shape[2] != maps.shape[3]:  # tokens, or channels in the last place
        raise _no_map(detector)
    maps = interpolate(maps, size=clips.shape[-1], mode="bilinear")[:, 0]
    return (maps if detector.layout == "frames" else _of_frames(maps)).unflatten(0, (1, -1))


def _of_frames(maps: Tensor) -> Tensor:
    """Take the maps of thumbnails apart, four frames of each: (K, S, S) -> (4 K, S, S)."""
    size = maps.shape[-1]
    quarters = maps.unflatten(1, (2, -1)).unflatten(3, (2, -1)).transpose(2, 3).reshape(-1, 1, size // 2, size // 2)
    return interpolate(quarters, size=size, mode="bilinear")[:, 0]


def _no_map(detector: Detector) -> ConfigError:
    backbone = detector.backbone
    return ConfigError(
        f"method=grad_cam needs the feature map of a convolutional network, and {type(backbone).__name__} "
        f"{backbone.name or ''} has none: use method=gradient".replace("  ", " ")
    )
