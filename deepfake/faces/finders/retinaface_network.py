"""The network of RetinaFace, over a ResNet-50 or a MobileNet-0.25: an image in, what is regressed at every prior out.

    images (B, 3, H, W) -> body -> three levels, at 1/8, 1/16 and 1/32 of the size
                        -> fpn  -> the same, each with what the coarser ones saw, all with equally many channels
                        -> ssh  -> the same, each place with a wider view
                        -> heads -> boxes (B, P, 4), logits of no face and face (B, P, 2), landmarks (B, P, 10)

The P priors are two at each place of a level, row by row, the finest level first.

Source: Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild" (arXiv:1905.00641), without the
dense branch; Najibi et al. 2017, "SSH: Single Stage Headless Face Detector". The network, and the names of its
attributes, are those of the weights that biubug6/Pytorch_Retinaface and ternaus/retinaface publish (both MIT).
Differs: context modules are plain convolutions, as in those weights; the paper's are deformable.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu
from torchvision.models import resnet50

LEVELS = 3
PRIORS_A_PLACE = 2


class RetinaFaceNetwork(nn.Module):
    """(B, 3, H, W) -> boxes (B, P, 4), logits (B, P, 2) and landmarks (B, P, 10), relative to the priors.

    Args:
        body: an image in, three levels out, from fine to coarse.
        widths: how many channels each level has.
        channels: how many each has after the pyramid.
        slope: of the activations below zero.
    """

    def __init__(self, body: nn.Module, widths: Sequence[int], channels: int, slope: float) -> None:
        super().__init__()
        self.body = body
        self.fpn = Pyramid(widths, channels, slope)
        self.ssh1, self.ssh2, self.ssh3 = (Context(channels, slope) for _ in range(LEVELS))
        self.BboxHead, self.ClassHead, self.LandmarkHead = (
            nn.ModuleList(Head(channels, values) for _ in range(LEVELS)) for values in (4, 2, 10)
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        contexts = zip((self.ssh1, self.ssh2, self.ssh3), self.fpn(self.body(images)), strict=True)
        levels = [context(level) for context, level in contexts]
        boxes, logits, landmarks = (
            torch.cat([head(level) for head, level in zip(heads, levels, strict=True)], dim=1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )
        return boxes, logits, landmarks


def resnet50_network() -> RetinaFaceNetwork:
    """The large one, with random weights; it takes RGB, normalised as for ImageNet."""
    return RetinaFaceNetwork(ResNetBody(), (512, 1024, 2048), channels=256, slope=0.0)


def mobilenet_network() -> RetinaFaceNetwork:
    """The small one, with random weights; it takes BGR in [0, 255] minus its mean."""
    return RetinaFaceNetwork(MobileNetBody(), (64, 128, 256), channels=64, slope=0.1)


class ResNetBody(nn.Sequential):
    """torchvision's ResNet-50 up to its last convolution: 512, 1024 and 2048 channels."""

    def __init__(self) -> None:
        super().__init__()
        for name, part in resnet50(weights=None).named_children():
            if name not in ("avgpool", "fc"):
                self.add_module(name, part)

    def forward(self, images: Tensor) -> list[Tensor]:
        levels, features = [], images
        for name, part in self.named_children():
            features = part(features)
            if name in ("layer2", "layer3", "layer4"):
                levels.append(features)
        return levels


class MobileNetBody(nn.Module):
    """MobileNet (Howard et al. 2017) with a quarter of its channels and without its classifier: 64, 128 and 256."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(
            _convolution(3, 8, stride=2, slope=0.1),
            _separable(8, 16),
            _separable(16, 32, stride=2),
            _separable(32, 32),
            _separable(32, 64, stride=2),
            _separable(64, 64),
        )
        self.stage2 = nn.Sequential(_separable(64, 128, stride=2), *(_separable(128, 128) for _ in range(5)))
        self.stage3 = nn.Sequential(_separable(128, 256, stride=2), _separable(256, 256))

    def forward(self, images: Tensor) -> list[Tensor]:
        levels, features = [], images
        for stage in (self.stage1, self.stage2, self.stage3):
            features = stage(features)
            levels.append(features)
        return levels


class Pyramid(nn.Module):
    """The feature pyramid: from coarse to fine, each level is added to the next, which is then smoothed."""

    def __init__(self, widths: Iterable[int], channels: int, slope: float) -> None:
        super().__init__()
        self.output1, self.output2, self.output3 = (
            _convolution(width, channels, kernel=1, slope=slope) for width in widths
        )
        self.merge1, self.merge2 = (_convolution(channels, channels, slope=slope) for _ in range(LEVELS - 1))

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        fine, middle, coarse = self.output1(levels[0]), self.output2(levels[1]), self.output3(levels[2])
        middle = self.merge2(middle + interpolate(coarse, middle.shape[2:], mode="nearest"))
        fine = self.merge1(fine + interpolate(middle, fine.shape[2:], mode="nearest"))
        return [fine, middle, coarse]


class Context(nn.Module):
    """SSH's context module: views of 3, 5 and 7 pixels side by side, the larger two as chains of 3 x 3."""

    def __init__(self, channels: int, slope: float) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        self.conv3X3 = _convolution(channels, half)
        self.conv5X5_1 = _convolution(channels, quarter, slope=slope)
        self.conv5X5_2 = _convolution(quarter, quarter)
        self.conv7X7_2 = _convolution(quarter, quarter, slope=slope)
        self.conv7x7_3 = _convolution(quarter, quarter)  # with a small x, as published

    def forward(self, level: Tensor) -> Tensor:
        shared = self.conv5X5_1(level)
        views = [self.conv3X3(level), self.conv5X5_2(shared), self.conv7x7_3(self.conv7X7_2(shared))]
        return relu(torch.cat(views, dim=1))


class Head(nn.Module):
    """(B, channels, h, w) -> (B, h * w * PRIORS_A_PLACE, values)."""

    def __init__(self, channels: int, values: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(channels, PRIORS_A_PLACE * values, 1)
        self.values = values

    def forward(self, level: Tensor) -> Tensor:
        return self.conv1x1(level).permute(0, 2, 3, 1).reshape(len(level), -1, self.values)


def _convolution(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1, slope: float | None = None
) -> nn.Sequential:
    """Convolution and batch norm, and an activation where it has a slope."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([] if slope is None else [nn.LeakyReLU(slope, inplace=True)]))


def _separable(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """MobileNet's convolution: each channel by itself in 3 x 3, then all of them in one pixel."""
    each = _convolution(inputs, inputs, stride=stride, groups=inputs, slope=0.1)
    return nn.Sequential(*each, *_convolution(inputs, outputs, kernel=1, slope=0.1))
