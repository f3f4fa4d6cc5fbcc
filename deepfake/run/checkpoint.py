"""Checkpoints of ours: what is in them beside Lightning's own, and a detector rebuilt from one file alone.

A checkpoint is read with `weights_only=True`, so nothing in it is executed. Its `deepfake` entry, the card, is plain
data: the model's config, the input spec, the label convention, the recipe of the faces, the scoring rule, the whole
resolved config and the fingerprint of the data.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from deepfake.errors import CheckpointError, WeightsError
from deepfake.models.detector import Detector
from deepfake.models.fit import load_exactly
from deepfake.run.scoring_rule import chosen_rule, rule_card
from deepfake.schema import ClipSpec, Label
from deepfake.task import CARD

FORMAT = 2
LABELS = {label.name.lower(): int(label) for label in Label}
PACKAGE = "deepfake.models."  # the only code that a model's config may name


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's card and its detector's weights.

    Attributes:
        path: where it was read.
        card: plain data, see `make_card`.
        state: the detector's state dict.
        content: all of it, Lightning's own included.
    """

    path: Path
    card: Mapping[str, Any]
    state: Mapping[str, Tensor]
    content: Mapping[str, Any]


def make_card(cfg: DictConfig, spec: ClipSpec, data: Mapping[str, Any], faces: Mapping[str, Any]) -> dict[str, Any]:
    """The plain data that goes into every checkpoint of a run.

    Args:
        cfg: the run's config.
        spec: the detector's.
        data: corpus, protocol, counts and fingerprint.
        faces: the recipe, as `deepfake.run.face_recipe.carried_recipe` gives it.
    """
    config: Any = OmegaConf.to_container(cfg, resolve=True)
    return {
        "format": FORMAT,
        "model": without_weights(config["model"]),
        "spec": spec_card(spec),
        "labels": LABELS,
        "faces": dict(faces),
        "data": dict(data),
        "scoring": rule_card(chosen_rule(config)),
        "config": config,
    }


def spec_card(spec: ClipSpec) -> dict[str, Any]:
    """A spec as plain data."""
    return {**asdict(spec), "mean": list(spec.mean), "std": list(spec.std)}


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a file and see that it is one of ours.

    Raises:
        CheckpointError: it does not exist, cannot be read safely, or is another program's.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} does not exist: give the path of a .ckpt file under outputs/")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and torch each raise their own
        raise CheckpointError(f"{path} is not a checkpoint that can be read safely ({type(error).__name__})") from error
    card = content.get(CARD) if isinstance(content, dict) else None
    if not isinstance(card, dict) or not isinstance(content.get("state_dict"), dict):
        raise CheckpointError(f"{path} is not a checkpoint of this project: it has no `{CARD}` entry")
    card = upgraded(card)
    if card.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {card.get('format')} and this version reads 1 to {FORMAT}")
    prefix = "detector."
    state = {k.removeprefix(prefix): v for k, v in content["state_dict"].items() if k.startswith(prefix)}
    return Checkpoint(path, card, state, content)


def upgraded(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card of format 1, in which finders were called detectors, as one of today; any other card as it is.

    Nobody knows which weights its finder had: they are looked for by their published name.
    """
    faces = card.get("faces")
    if card.get("format") != 1 or not isinstance(faces, dict):
        return dict(card)
    finder = faces.get("finder", faces.get("detector"))
    faces = {name: value for name, value in faces.items() if name not in ("detector", "finder")}
    if isinstance(finder, dict):
        old, target = re.compile(r"deepfake\.faces\.(?=\w+\.\w+$)"), str(finder.get("_target_"))
        faces["finder"] = {**finder, "_target_": old.sub("deepfake.faces.finders.", target)}
    return {**card, "format": FORMAT, "faces": faces}


def build_detector(checkpoint: Checkpoint) -> Detector:
    """Rebuild the detector from a checkpoint, in eval mode.

    Raises:
        CheckpointError: its config names code that is not a model of ours, or its weights do not fit.
    """
    check_targets(checkpoint.card.get("model"), checkpoint.path, PACKAGE, nn.Module)
    detector = instantiate(checkpoint.card["model"])
    if not isinstance(detector, Detector):
        raise CheckpointError(f"{checkpoint.path} does not describe a detector")
    try:
        load_exactly(detector, checkpoint.state, f"{checkpoint.path} has weights that do not fit its own model")
    except WeightsError as error:
        raise CheckpointError(str(error)) from error
    said, built = checkpoint.card.get("spec"), spec_card(detector.spec)
    if said != built or checkpoint.card.get("labels") != LABELS:
        raise CheckpointError(
            f"{checkpoint.path} was trained with the input {said} and labels {checkpoint.card.get('labels')}, and is "
            f"built here with {built} and {LABELS}: use the version of this project and of timm that it was made with"
        )
    return detector.eval()


def load_detector(path: str | Path) -> Detector:
    """The network of a checkpoint, alone, in eval mode.

    It takes clips (B, T, 3, S, S) in [0, 1] and returns logits (B,), above 0 for fake. Its `spec` says what to cut:
    size, margin, clip length, stride.

    Raises:
        CheckpointError: see `read_checkpoint` and `build_detector`.
    """
    return build_detector(read_checkpoint(path))


def without_weights(model: Any) -> Any:
    """A model's config that starts from no file and no download, as its weights will come from somewhere else."""
    if not isinstance(model, dict):
        return model
    kept = {key: without_weights(value) for key, value in model.items() if key != "weights"}
    return {**kept, "pretrained": False} if "pretrained" in kept else kept


def check_targets(node: Any, path: Path, package: str, base: type) -> None:
    """Refuse a config that would call anything but classes of ours, derived from `base`."""
    if isinstance(node, list):
        for value in node:
            check_targets(value, path, package, base)
    if isinstance(node, str) and "${" in node:
        raise CheckpointError(f"{path} has a config with an interpolation, {node!r}: refused")
    if isinstance(node, dict):
        for key, value in node.items():
            if str(key).startswith("_") and key not in ("_target_", "_partial_"):
                raise CheckpointError(f"{path} has a config with {key!r}: refused")
            if key == "_target_" and not _is_ours(value, package, base):
                kind = "model" if base is nn.Module else "face finder"
                raise CheckpointError(f"{path} asks to call {value!r}, which is not a {kind} of this project: refused")
            check_targets(value, path, package, base)


def _is_ours(target: Any, package: str, base: type) -> bool:
    if not isinstance(target, str) or not target.startswith(package):
        return False
    try:
        found = get_object(target)
    except (ImportError, AttributeError, ValueError):
        return False
    return isinstance(found, type) and issubclass(found, base) and found.__module__.startswith(package)
