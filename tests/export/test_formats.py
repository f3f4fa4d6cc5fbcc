"""Every network that ships scores alike in every format, whatever the number of clips."""

from pathlib import Path

import pytest
import torch

from deepfake.checkpoints.initial_model import build_model
from deepfake.export import facts_of, require_agreement
from deepfake.export.agreement import trial_batches
from deepfake.export.formats import FORMATS
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content
from tests.models.test_detector import model_config

WINDOW = ["representation=window", "representation.clip_length=3"]
OVER_TIME = {
    "frame": [],
    "lstm": [*WINDOW, "model/temporal=lstm"],
    "transformer": [*WINDOW, "model/temporal=transformer"],
}
NETWORKS = {
    "meso4": ["model=meso4"],
    "mesoinception4": ["model=mesoinception4"],
    "effnet": ["model=effnet", "model.backbone.name=test_efficientnet", "model.backbone.pretrained=false"],
}


@torch.no_grad()
def lively(*overrides: str) -> Detector:
    """Return a detector in eval mode with the logits of a trained one: around 0, with a deviation of 2 over clips.

    Those of fresh weights are nearly equal, and would agree in any file; made larger without the statistics of batches
    they are in the hundreds, where torch's own rounding is more than 1e-4.
    """
    torch.manual_seed(0)
    detector = build_model(model_config("model.size=32", *overrides)).eval()
    norms = [module for module in detector.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # the statistics are those of the clips
        norm.train()
    detector(torch.cat(trial_batches(detector.spec)))
    detector.eval()
    weight, bias = [*detector.head.parameters()][-2:]
    weight *= 2 / logits(detector).std()
    bias -= logits(detector).mean()
    return detector


@torch.inference_mode()
def logits(detector: Detector) -> torch.Tensor:
    return torch.cat([detector(clips) for clips in trial_batches(detector.spec)])


def agree(name: str, overrides: list[str], folder: Path) -> None:
    detector, kind = lively(*overrides), FORMATS[name]
    assert logits(detector).std().item() == pytest.approx(2, abs=1e-3)
    card = content("model.size=32", *overrides)[CARD]
    state = {f"detector.{key}": value for key, value in detector.state_dict().items()}
    path = folder / f"model{kind.suffix}"
    path.write_bytes(kind.make(detector, facts_of({**card, "digest": digest(state)})))
    assert require_agreement(detector, kind.open(path), kind.limit, path.name) <= 1e-4


@pytest.mark.parametrize(("network", "over_time"), [*zip(NETWORKS, OVER_TIME, strict=True)])
def test_safetensors_are_the_same_to_the_last_bit(network: str, over_time: str, tmp_path: Path) -> None:
    agree("safetensors", [*NETWORKS[network], *OVER_TIME[over_time]], tmp_path)


# Each network, and each module over time, in both formats: all 18 take 100 s. tests/run/test_export.py has a meso4 of
# frames as ONNX.
PROGRAMS = [
    ("onnx", "mesoinception4", "lstm"),
    ("onnx", "effnet", "transformer"),
    ("torch_export", "meso4", "transformer"),
    ("torch_export", "mesoinception4", "frame"),
    ("torch_export", "effnet", "lstm"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "network", "over_time"), PROGRAMS)
def test_programs_agree(name: str, network: str, over_time: str, tmp_path: Path) -> None:
    if name == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    agree(name, [*NETWORKS[network], *OVER_TIME[over_time]], tmp_path)
