"""The detector a run begins with: as its config says, from random or published weights, or from a checkpoint's."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import nn

from deepfake.checkpoints.checkpoint import Checkpoint, build_detector, read_checkpoint, without_weights
from deepfake.config.plain import plain
from deepfake.errors import WeightsError
from deepfake.models.detector import Detector
from deepfake.models.fit import load_exactly
from deepfake.models.trial import require_fitting

log = logging.getLogger(__name__)

# What a network has learned to see. The cut is taken over with the weights; the rest is part of the network, and has to
# be the same. The clip's length and stride are the run's to choose.
_CUT = ("margin", "shape")
_INPUT = ("size", "mean", "std")
_MODEL = "the model that it was trained as (model=..., which is meso4_v1 for imports of format=v1)"


def build_model(model: DictConfig, resumed: Checkpoint | None = None) -> Detector:
    """Build the detector of the config group `model`.

    With `model.weights` it takes the weights of that checkpoint, all of them, and the cut around the face that belongs
    to them, which is in the detector's spec; the optimizer is new.

    Args:
        model: the config group.
        resumed: the checkpoint that a run goes on from, whose weights are loaded over these: nothing is fetched, and
            the file of `model.weights` that it began with is not looked for.

    Raises:
        CheckpointError: `model.weights` is no checkpoint of ours.
        ConfigError: the backbone does not take images of `model.size`.
        WeightsError: the network or the input of `model.weights` is another, or weights cannot be fetched.
    """
    config = plain(model)
    weights = config.pop("weights", None)
    if resumed is not None:
        return _made(without_weights(config if weights is None else _with_cut(config, resumed.card["spec"])))
    if weights is None:
        return _made(config)
    started = build_detector(read_checkpoint(weights))
    detector = _made(without_weights(_with_cut(config, asdict(started.spec))))
    _check_same(started, detector, f"model.weights={weights}")
    load_exactly(detector, started.state_dict(), f"model.weights={weights} is another network")
    return detector


def cut_of(detector: Detector) -> dict[str, Any]:
    """The options of `model` that say how a detector wants its faces cut, whoever decided that."""
    return {key: getattr(detector.spec, key) for key in _CUT}


def _with_cut(config: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """A model's config with the cut of a checkpoint's spec."""
    for key in _CUT:
        if theirs[key] != config[key]:
            log.info(
                "model.%s is %s with these weights, not %s: taken from the checkpoint", key, theirs[key], config[key]
            )
    return {**config, **{key: theirs[key] for key in _CUT}}


def _made(config: dict[str, Any]) -> Detector:
    detector: Detector = instantiate(config)
    require_fitting(detector)
    return detector


def _check_same(theirs: Detector, ours: Detector, what: str) -> None:
    their_spec, our_spec = asdict(theirs.spec), asdict(ours.spec)
    if other := [key for key in _INPUT if their_spec[key] != our_spec[key]]:
        seen = "; ".join(f"{key} is {their_spec[key]} there and {our_spec[key]} here" for key in other)
        options = " ".join(f"model.{key}={their_spec[key]}" for key in other)
        cure = f"choose {_MODEL}" if {"mean", "std"} & set(other) else f"add {options}"
        raise WeightsError(f"{what} wants another input: {seen}: {cure}")
    their_layers, our_layers = _layers(theirs), _layers(ours)
    for name in [*our_layers, *their_layers]:
        there, here = their_layers.get(name, "nothing"), our_layers.get(name, "nothing")
        if there != here:
            raise WeightsError(f"{what} is another network: {name} is {there} there and {here} here: choose {_MODEL}")


def _layers(detector: Detector) -> dict[str, str]:
    """Every layer with its options, `BatchNorm2d(8, eps=0.001, ...)`, which shapes do not tell; dropout is free."""
    leaves = {name: module for name, module in detector.named_modules() if not [*module.children()]}
    return {name: str(module) for name, module in leaves.items() if not isinstance(module, nn.Dropout)}
