"""A detector that knows the truth without training: it reads a mark that a test painted into a face."""

from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from deepfake.extraction import ExtractOptions
from deepfake.faces.settled_recipe import settled
from deepfake.models.backbones import Backbone
from deepfake.models.backbones.meso4 import Meso4
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal.mean import Mean
from deepfake.scoring import ScoringRule
from deepfake.verdict import Predictor, Scorer
from deepfake.verdict.about import About
from tests.conftest import REPOSITORY

MARK = (-0.15, 0.0, 0.15)  # added to red, green and blue of a forged face
_SIZE = 64  # of the detector's input
_SURE = 30.0  # logit for each unit by which blue is above red


class BlueAboveRed(Backbone):
    """The mean of blue minus red in the middle quarter of a face; below -0.1 for skin of any colour, see `MARK`."""

    num_features = 1
    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def forward(self, images: Tensor) -> Tensor:
        quarter = images.shape[-1] // 4
        middle = images[..., quarter:-quarter, quarter:-quarter].mean((2, 3))
        return middle[:, 2:] - middle[:, :1]


def mark_detector(clip_length: int = 4) -> Detector:
    """Return a detector of clips that says fake where blue is hardly below red."""

    def head(num_features: int) -> nn.Module:
        linear = LinearHead(num_features, dropout=0.0)
        nn.init.constant_(linear[1].weight, _SURE)
        nn.init.constant_(linear[1].bias, _SURE * 0.05)
        return linear

    backbone = BlueAboveRed()
    return Detector(backbone, Mean, head, clip_length=clip_length, frame_stride=1, margin=1.3, size=_SIZE).eval()


def predictor(detector: Detector, *, num_workers: int = 2, **given: Any) -> Predictor:
    """Return a predictor on the CPU with MTCNN and the recipe that the project ships.

    Args:
        detector: the network.
        num_workers: processes that find faces.
        given: replaces options of the recipe, if they are some, and else the rule and attributes of the predictor.
    """
    faces = REPOSITORY / "conf" / "faces"
    recipe = yaml.safe_load((faces / "recipe" / "default.yaml").read_text())
    finder = yaml.safe_load((faces / "mtcnn.yaml").read_text())["finder"]
    of_recipe = {name: given.pop(name) for name in [*given] if name in recipe}
    rule = given.pop("rule", ScoringRule(tracks="all", clips_per_track=None))
    others = {"batch_size": 32, "num_workers": 0, **given}
    return Predictor(
        scorers=(Scorer("marked", detector, rule, "0" * 64),),
        faces=settled({**recipe, **of_recipe, "finder": finder}, Path()),
        options=ExtractOptions(device="cpu", num_workers=num_workers),
        device="cpu",
        about=About("a stand-in", "", "", ""),
        **others,
    )


def untrained(seed: int = 0) -> Detector:
    """Return a Meso4 of windows with random weights, whose score depends on every pixel."""
    torch.manual_seed(seed)
    return Detector(Meso4(_SIZE), Mean, LinearHead, clip_length=4, frame_stride=1, margin=1.3, size=_SIZE).eval()
