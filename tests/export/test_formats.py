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


def lively(*overrides: str) -> Detector:
    """Return a detector in eval mode whose logits differ from clip to clip, which those of fresh weights hardly do."""
    torch.manual_seed(0)
    detector = build_model(model_config("model.size=32", *overrides))
    for module in detector.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.2, 0.6)  # type: ignore[union-attr]
    for parameter in detector.head.parameters():
        parameter.data *= 20
    return detector.eval()


def agree(name: str, overrides: list[str], folder: Path) -> None:
    detector, kind = lively(*overrides), FORMATS[name]
    with torch.inference_mode():
        assert torch.cat([detector(clips) for clips in trial_batches(detector.spec)]).std() > 0.01
    card = content("model.size=32", *overrides)[CARD]
    state = {f"detector.{key}": value for key, value in detector.state_dict().items()}
    path = folder / f"model{kind.suffix}"
    path.write_bytes(kind.make(detector, facts_of({**card, "digest": digest(state)})))
    assert require_agreement(detector, kind.open(path), kind.limit, path.name) <= 1e-4


@pytest.mark.parametrize(("network", "over_time"), [*zip(NETWORKS, OVER_TIME, strict=True)])
def test_safetensors_are_the_same_to_the_last_bit(network: str, over_time: str, tmp_path: Path) -> None:
    agree("safetensors", [*NETWORKS[network], *OVER_TIME[over_time]], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("over_time", OVER_TIME)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", ["onnx", "torch_export"])
def test_programs_agree(name: str, network: str, over_time: str, tmp_path: Path) -> None:
    if name == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    agree(name, [*NETWORKS[network], *OVER_TIME[over_time]], tmp_path)
