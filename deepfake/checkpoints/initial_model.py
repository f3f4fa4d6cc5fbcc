"""Builds the detector that a run starts with, from random or published weights, or from those of a checkpoint."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint, without_weights
from deepfake.checkpoints.rebuilding import build_detector, whole_state
from deepfake.config.plain import plain
from deepfake.errors import WeightsError
from deepfake.models.detector import Detector
from deepfake.models.fit import load_exactly
from deepfake.models.trial import require_fitting

log = logging.getLogger(__name__)

# Parts of the input spec that belong to trained weights. The cut is taken from the checkpoint; size, mean and std must
# match, since they are part of the network. The run may choose the clip's length and stride.
_CUT = ("margin", "shape")
_INPUT = ("size", "mean", "std")
_MODEL = "the model that it was trained as (model=..., which is meso4_v1 for imports of format=v1)"


def build_model(model: DictConfig, resumed: Checkpoint | None = None) -> Detector:
    """Build the detector of the config group `model`.

    With `model.weights` it gets all weights of that checkpoint, and the cut around the face from its spec; the
    optimizer is new.

    Args:
        model: the config group.
        resumed: the checkpoint that a run resumes from. Its weights are loaded later, so no others are fetched, and
            the file of `model.weights` is not needed.

    Raises:
        CheckpointError: `model.weights` is not a checkpoint of this project.
        ConfigError: the backbone does not take images of `model.size`.
        WeightsError: `model.weights` has another network or input, or weights cannot be fetched.
    """
    config = plain(model)
    weights = config.pop("weights", None)
    if resumed is not None:
        made = _made(without_weights(config if weights is None else _with_cut(config, resumed.card["spec"])))
        if resumed.card.get("rest"):  # Lightning loads what trained, and the rest has to be there
            source = plain(model)["backbone"].get("weights")
            load_exactly(made, whole_state(resumed, made, source), f"resume={resumed.path} is another network")
        return made
    if weights is None:
        return _made(config)
    started = build_detector(read_checkpoint(weights), config["backbone"].get("weights"))
    detector = _made(without_weights(_with_cut(config, asdict(started.spec))))
    _check_same(started, detector, f"model.weights={weights}")
    load_exactly(detector, started.state_dict(), f"model.weights={weights} is another network")
    return detector


def cut_of(detector: Detector) -> dict[str, Any]:
    """Return the options of `model` for the cut around the face, as in a detector's spec."""
    return {key: getattr(detector.spec, key) for key in _CUT}


def _with_cut(config: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's config with the cut from a checkpoint's spec, and log what differs."""
    for key in _CUT:
        if theirs[key] != config[key]:
            log.info("model.%s is %s, as in the checkpoint, and not %s", key, theirs[key], config[key])
    return {**config, **{key: theirs[key] for key in _CUT}}


def _made(config: dict[str, Any]) -> Detector:
    detector: Detector = instantiate(config)
    require_fitting(detector)
    return detector


def _check_same(theirs: Detector, ours: Detector, what: str) -> None:
    their_spec, our_spec = asdict(theirs.spec), asdict(ours.spec)
    if other := [key for key in _INPUT if their_spec[key] != our_spec[key]]:
        seen = "; ".join(f"{key} is {their_spec[key]} there, but {our_spec[key]} here" for key in other)
        options = " ".join(f"model.{key}={their_spec[key]}" for key in other)
        cure = f"choose {_MODEL}" if {"mean", "std"} & set(other) else f"add {options}"
        raise WeightsError(f"{what} needs another input: {seen}; {cure}")
    their_layers, our_layers = _layers(theirs), _layers(ours)
    for name in [*our_layers, *their_layers]:
        there, here = their_layers.get(name, "nothing"), our_layers.get(name, "nothing")
        if there != here:
            raise WeightsError(f"{what} is another network: {name} is {there} there, but {here} here; choose {_MODEL}")


def _layers(detector: Detector) -> dict[str, str]:
    """Return each layer with options that shapes do not show, `BatchNorm2d(8, eps=0.001, ...)`; dropout may differ."""
    leaves = {name: module for name, module in detector.named_modules() if not [*module.children()]}
    return {name: str(module) for name, module in leaves.items() if not isinstance(module, nn.Dropout)}
