"""The detector a run begins with: as its config says, from random or published weights, or from a checkpoint's."""

from dataclasses import asdict
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from deepfake.errors import WeightsError
from deepfake.models.detector import Detector
from deepfake.models.fit import load_exactly
from deepfake.run.checkpoint import build_detector, read_checkpoint, without_weights
from deepfake.run.faces import plain

# What a network has learned to see. The clip's length and stride are the run's to choose.
_INPUT = ("size", "margin", "shape", "mean", "std")


def build_model(model: DictConfig) -> Detector:
    """Build the detector of the config group `model`.

    With `model.weights` it takes the weights of that checkpoint, all of them and nothing else: the optimizer is new.

    Raises:
        CheckpointError: `model.weights` is no checkpoint of ours.
        WeightsError: its network or its input is another.
    """
    config = plain(model)
    weights = config.pop("weights", None)
    if weights is None:
        detector: Detector = instantiate(config)
        return detector
    started = build_detector(read_checkpoint(weights))
    detector = instantiate(without_weights(config))
    _check_same(started, detector, f"model.weights={weights}")
    load_exactly(detector, started.state_dict(), f"model.weights={weights} is another network")
    return detector


def _check_same(theirs: Detector, ours: Detector, what: str) -> None:
    their_layers, our_layers = _layers(theirs), _layers(ours)
    for name in [*our_layers, *their_layers]:
        there, here = their_layers.get(name, "nothing"), our_layers.get(name, "nothing")
        if there != here:
            raise WeightsError(
                f"{what} is another network: {name} is {there} there and {here} here; choose the model that it was "
                "trained as (model=..., or the options of model.backbone)"
            )
    their_spec, our_spec = asdict(theirs.spec), asdict(ours.spec)
    other = [key for key in _INPUT if their_spec[key] != our_spec[key]]
    if other:
        seen = "; ".join(f"{key} is {_text(their_spec[key])} there and {_text(our_spec[key])} here" for key in other)
        cure = " ".join(f"model.{'backbone.' * (key in ('mean', 'std'))}{key}={_text(their_spec[key])}" for key in other)
        raise WeightsError(f"{what} wants another input: {seen}: add {cure}")


def _layers(detector: Detector) -> dict[str, str]:
    """Every layer with its options, `BatchNorm2d(8, eps=0.001, ...)`, which shapes do not tell; dropout is free."""
    leaves = {name: module for name, module in detector.named_modules() if not [*module.children()]}
    return {name: str(module) for name, module in leaves.items() if not isinstance(module, nn.Dropout)}


def _text(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
