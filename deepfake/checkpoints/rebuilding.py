"""How one file alone becomes a detector again, or another network that scores."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from torch import Tensor

from deepfake.checkpoints.card import LABELS
from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint, spec_card, without_weights
from deepfake.checkpoints.rest import fetched
from deepfake.errors import CheckpointError, WeightsError, first_line
from deepfake.models.detector import Detector
from deepfake.models.fit import check_shapes, load_exactly, shapes
from deepfake.models.network import Network
from deepfake.models.onnx_file import OnnxNetwork
from deepfake.schema import ClipSpec


def build_detector(checkpoint: Checkpoint, backbone_weights: str | Path | None = None) -> Detector:
    """Rebuild the detector from a checkpoint, in eval mode.

    Args:
        checkpoint: the checkpoint.
        backbone_weights: file of the weights that a small checkpoint leaves out; None takes the source that it names.

    Raises:
        CheckpointError: its config names code that is not one of our models, or its weights do not fit.
    """
    if checkpoint.graph is not None:
        raise CheckpointError(
            f"{checkpoint.path} holds a network that only scores: give the checkpoint that it was exported from, or its"
            " export with format=safetensors"
        )
    detector = _built(checkpoint)
    try:
        load_exactly(
            detector,
            whole_state(checkpoint, detector, backbone_weights),
            f"{checkpoint.path} has weights that do not fit its own model",
        )
    except WeightsError as error:
        raise CheckpointError(str(error)) from error
    _require_input(checkpoint, spec_card(detector.spec))
    return detector.eval()


def _require_input(checkpoint: Checkpoint, built: Mapping[str, Any]) -> None:
    trained, labels = checkpoint.card.get("spec"), checkpoint.card.get("labels")
    if trained != built or labels != LABELS:
        raise CheckpointError(
            f"{checkpoint.path} was trained with the input {trained} and labels {labels}, but is built here with "
            f"{built} and {LABELS}: use the versions of this project and of timm that it was made with"
        )


def build_network(checkpoint: Checkpoint, backbone_weights: str | Path | None = None) -> Network:
    """Return what scores clips: the detector in eval mode, or a network that onnxruntime runs.

    Args:
        checkpoint: the checkpoint, or an exported file.
        backbone_weights: see `build_detector`.

    Raises:
        CheckpointError: see `build_detector`; or onnxruntime refuses the file.
        MissingPackageError: onnxruntime is not installed.
    """
    if checkpoint.graph is None:
        return build_detector(checkpoint, backbone_weights)
    spec = checkpoint.card["spec"]
    _require_input(checkpoint, spec)
    known = {field.name: spec[field.name] for field in fields(ClipSpec)}
    made = ClipSpec(**{**known, "mean": tuple(spec["mean"]), "std": tuple(spec["std"])})
    try:
        return OnnxNetwork(checkpoint.graph, made, str(checkpoint.path)).eval()
    except WeightsError as error:
        raise CheckpointError(str(error)) from error


def whole_state(
    checkpoint: Checkpoint, detector: Detector, backbone_weights: str | Path | None = None
) -> Mapping[str, Tensor]:
    """Return the state dict of a checkpoint's detector, with the frozen weights that a small one leaves out.

    Raises:
        CheckpointError: these cannot be loaded.
    """
    if checkpoint.card.get("rest") is None:
        return checkpoint.state
    rest = fetched(checkpoint.card, detector.fixed, checkpoint.path, backbone_weights)
    return {**checkpoint.state, **rest}


def _built(checkpoint: Checkpoint) -> Detector:
    """Build a card's network with random weights, once its shapes are known to be those of the file's weights."""
    path, model = checkpoint.path, without_weights(checkpoint.card["model"])
    try:
        with torch.device("meta"):  # uses no memory, whatever the card asks for
            outline = instantiate(model)
    except Exception as error:
        raise CheckpointError(f"{path} has a card whose model cannot be built: {_cause(error)}") from error
    if not isinstance(outline, Detector):
        raise CheckpointError(f"{path} does not describe a detector")
    try:
        expected = shapes(outline.state_dict())
        left_out = outline.fixed if checkpoint.card.get("rest") else ()
        check_shapes(
            {**{name: expected[name] for name in left_out}, **shapes(checkpoint.state)},
            expected,
            f"{path} has weights that do not fit its own model",
        )
    except WeightsError as error:
        raise CheckpointError(str(error)) from error
    detector: Detector = instantiate(model)
    return detector


def _cause(error: BaseException) -> str:
    """Return the cause behind Hydra's own errors, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return first_line(error)


def load_detector(path: str | Path, backbone_weights: str | Path | None = None) -> Network:
    """Load the network of a checkpoint or of an exported file alone, in eval mode.

    It takes clips (B, T, 3, S, S) in [0, 1] and returns logits (B,), above 0 for fake. Its `spec` says how to cut
    them: size, margin, clip length and stride.

    Args:
        path: the checkpoint.
        backbone_weights: see `build_detector`.

    Raises:
        CheckpointError: see `read_checkpoint` and `build_network`.
    """
    return build_network(read_checkpoint(path), backbone_weights)
