"""The card of a checkpoint: the type of every field, and what a stranger's card may not contain.

A card is plain data from a file that may come from anywhere, and its values become networks, folders and downloads.
So all of it is checked when the file is read, before anything else in the file is opened.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal

from hydra.utils import get_object
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from deepfake.config.check import Built, faults
from deepfake.errors import CheckpointError, ConfigError
from deepfake.faces.finders import Finder
from deepfake.faces.settled_recipe import checked
from deepfake.models.detector import Detector
from deepfake.models.tune import Tune
from deepfake.ranges import Above0, Aggregate, Amount, Count, Finite, Length, Margin
from deepfake.schema import Label, MainFace, Tracks

FORMAT = 2
LABELS = {label.name.lower(): int(label) for label in Label}
MODELS = "deepfake.models."  # the only code that a model's config may name
FINDERS = "deepfake.faces.finders."  # the only code that a recipe of faces may name
RECORD_ONLY = ("extractor", "image_options")  # fields that record how the faces were stored; they are not options
_MAX_DEPTH, _MAX_VALUES = 20, 20_000  # our own cards are 6 deep and hold 300 values


class _Plain(BaseModel):
    """The base of all parts; it accepts unknown fields, which another version may have added."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")


class _Part(_Plain):
    target: str = Field(alias="_target_")


class _Model(_Part):
    backbone: _Part
    temporal: _Part
    head: _Part


class _Spec(_Plain):
    clip_length: Length
    frame_stride: Length
    margin: Margin
    size: Length
    shape: Literal["square", "box"]
    mean: Annotated[list[Finite], Field(min_length=3, max_length=3)]
    std: Annotated[list[Above0], Field(min_length=3, max_length=3)]


class _Faces(_Plain):
    finder: _Part
    extractor: int = 0
    image_options: dict[str, Any] = {}


class _Coverage(_Plain):
    videos: Amount
    scored: Amount
    main_whole: Amount | None = None
    scored_real: Amount | None = None
    scored_fake: Amount | None = None


class _Data(_Plain):
    corpus: str
    protocol: str
    fingerprint: str | None
    content: dict[str, str] = {}
    reals: dict[str, str] = {}
    coverage: dict[str, _Coverage] = {}


class _Scoring(_Plain):
    clips_per_track: Count | None
    tracks: Tracks
    main_face: MainFace
    aggregate: Aggregate = "mean"
    aggregation: str


class _Rest(_Plain):
    pretrained: bool
    weights: str | None
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Quality(_Plain):
    clips: Count
    sharpness: Annotated[float, Field(ge=0, le=64)]
    block_grid: Annotated[float, Field(ge=1 / 8, le=1)] | None


class Card(_Plain):
    """What every checkpoint holds beside Lightning's own entries.

    Attributes:
        format: version of the card format.
        model: config that the detector is built from.
        spec: the detector's input.
        labels: name -> number.
        faces: the recipe, as `deepfake.faces.settled_recipe.carried_recipe` returns it.
        data: what the weights were trained on.
        config: the run's resolved config.
        scoring: the rule, as `rule_card` returns it; older cards have none.
        distortions: what training clips were distorted with, by name, so that a test of robustness can say what was
            seen; None if that is not known, as in older cards.
        quality: the blur and compression of training clips, as `deepfake.training.quality.quality_card` returns it;
            None if too few were there to tell, and in older cards.
        rest: where the frozen weights of the backbone come from that the file leaves out, and their digest; None if it
            holds all.
        digest: digest of the file's state dict; older cards have none.
        calibration: the content of the calibration that `scripts/calibrate.py` has put into the file, checked where it
            is used; else None.
    """

    format: Literal[2]
    model: _Model
    spec: _Spec
    labels: dict[str, int]
    faces: _Faces
    data: _Data
    config: dict[str, Any]
    scoring: _Scoring | None = None
    distortions: list[str] | None = None
    quality: _Quality | None = None
    rest: _Rest | None = None
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    calibration: dict[str, Any] | None = None


def check_card(card: Mapping[str, Any], path: Path) -> None:
    """Stop unless a card of the current format is complete, well typed, and names only our own models and finders.

    Raises:
        CheckpointError: it is not; the first fault is named.
    """
    _check_plain(card, path)
    try:
        Card.model_validate(dict(card))
    except ValidationError as error:
        raise CheckpointError(f"{path} has a card {_first_fault(error)}") from None
    check_targets(card["model"], path, MODELS, (nn.Module, Tune), "model")
    for line in faults(card["model"], Built(Detector), "model"):
        raise CheckpointError(f"{path} has a card in which {line}")
    check_recipe(card["faces"], path)


def check_recipe(faces: Any, path: Path) -> dict[str, Any]:
    """Check a card's recipe of faces, and complete it with defaults.

    Raises:
        CheckpointError: it is not a recipe, names code that is not one of our finders, or has an option that is
            unknown, of the wrong type or out of range.
    """
    if not isinstance(faces, dict) or not isinstance(faces.get("finder"), dict):
        raise CheckpointError(f"{path} has no recipe of faces: every complete checkpoint of this project has one")
    check_targets(faces, path, FINDERS, Finder, "faces")
    recorded = {name: faces[name] for name in RECORD_ONLY if name in faces}
    finder = {name: value for name, value in faces["finder"].items() if name != "weights"}  # a path on another machine
    recipe = {name: value for name, value in faces.items() if name not in RECORD_ONLY}
    try:
        return {**checked({**recipe, "finder": finder}), **recorded}
    except ConfigError as error:
        raise CheckpointError(f"{path} has an invalid recipe of faces: {error}") from error


def upgraded(card: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a card that an older version wrote to the current format.

    Format 1 called finders detectors and did not record which weights its finder had, so they are looked up by their
    published name.
    """
    card = {**card, "config": renamed(card["config"])} if isinstance(card.get("config"), dict) else dict(card)
    faces = card.get("faces")
    if card.get("format") != 1 or not isinstance(faces, dict):
        return card
    finder = faces.get("finder", faces.get("detector"))
    faces = {name: value for name, value in faces.items() if name not in ("detector", "finder")}
    if isinstance(finder, dict):
        old, target = re.compile(r"deepfake\.faces\.(?=\w+\.\w+$)"), str(finder.get("_target_"))
        faces["finder"] = {**finder, "_target_": old.sub("deepfake.faces.finders.", target)}
    return {**card, "format": FORMAT, "faces": faces}


# Options of a run's config that were renamed: old name -> current name.
_RENAMED = {
    "loader.clips_per_video": "sampling.clips_per_video",
    "loader.eval_clips_per_video": "sampling.eval_clips_per_track",
}


def renamed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the options of a config that an older version wrote to their current names.

    Args:
        config: a run's whole config as plain data.

    Example:
        >>> renamed({"loader": {"batch_size": 8, "clips_per_video": 4}})
        {'loader': {'batch_size': 8}, 'sampling': {'clips_per_video': 4}}
    """
    found = {group: dict(options) if isinstance(options, dict) else options for group, options in config.items()}
    for old, new in _RENAMED.items():
        (group, option), (new_group, new_option) = old.split("."), new.split(".")
        if isinstance(found.get(group), dict) and option in found[group]:
            found.setdefault(new_group, {})[new_option] = found[group].pop(option)
    return found


def check_targets(node: Any, path: Path, package: str, base: type | tuple[type, ...], name: str) -> None:
    """Refuse a config that would call anything but our own classes derived from `base`.

    Args:
        node: plain data.
        path: the checkpoint, for messages.
        package: prefix of the names of allowed classes.
        base: their common base class, or several that are allowed.
        name: the config's name, for messages.
    """
    if isinstance(node, list):
        for index, value in enumerate(node):
            check_targets(value, path, package, base, f"{name}.{index}")
    if isinstance(node, str) and "${" in node:
        raise CheckpointError(f"{path} has a card whose {name} is an interpolation, {_shown(node)}: refused")
    if isinstance(node, dict):
        for key, value in node.items():
            inside = shorten(f"{name}.{key}", 80)
            if key.startswith("_") and key not in ("_target_", "_partial_"):
                raise CheckpointError(f"{path} has a card with {inside}: refused")
            if key == "_target_" and not _is_ours(value, package, base):
                kind = "model" if package == MODELS else "face finder"
                raise CheckpointError(
                    f"{path} asks to call {_shown(value)} ({inside}), which is not a {kind} of this project: refused"
                )
            check_targets(value, path, package, base, inside)


def _is_ours(target: Any, package: str, base: type | tuple[type, ...]) -> bool:
    if not isinstance(target, str) or not target.startswith(package):
        return False
    try:
        found = get_object(target)
    except (ImportError, AttributeError, ValueError):
        return False
    return isinstance(found, type) and issubclass(found, base) and found.__module__.startswith(package)


def _check_plain(card: Mapping[str, Any], path: Path) -> None:
    """Stop unless a card is plain data, and small and shallow enough to be walked and shown."""
    remaining = _MAX_VALUES
    nodes: list[tuple[Any, str, int]] = [(card, "", 0)]
    while nodes:
        node, name, depth = nodes.pop()
        begin = f"{path} has a card whose {shorten(name, 80) or 'top'}"
        remaining -= 1
        if remaining < 0 or depth > _MAX_DEPTH:
            raise CheckpointError(f"{begin} holds too much, or is nested too deeply: refused")
        if isinstance(node, Mapping):
            if other := [key for key in node if type(key) is not str]:
                raise CheckpointError(f"{begin} has the key {_shown(other[0])}: refused")
            nodes += [(value, f"{name}.{key}" if name else key, depth + 1) for key, value in node.items()]
        elif isinstance(node, list):
            nodes += [(value, f"{name}.{index}", depth + 1) for index, value in enumerate(node)]
        elif type(node) not in (str, int, float, bool, type(None)):
            raise CheckpointError(f"{begin} is of type {type(node).__name__}, which is not plain data: refused")


def _first_fault(error: ValidationError) -> str:
    """Return `without spec.size: ...`, or `whose spec.size is 'abc': it should be a valid integer`."""
    first = error.errors()[0]
    name = shorten(".".join(map(str, first["loc"])), 80)
    if first["type"] == "missing":
        return f"without {name}: every complete checkpoint of this project has it"
    return f"whose {name} is {_shown(first['input'])}: {first['msg'].replace('Input should be', 'it should be')}"


def _shown(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    return shorten(repr(value), 60, placeholder=" ...")
