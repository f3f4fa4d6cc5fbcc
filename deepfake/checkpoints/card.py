"""The card of a checkpoint: every field with its type, and what a stranger's may not say.

A card is plain data out of a file that may come from anywhere; what it says becomes networks, folders and downloads.
So all of it is checked, when the file is read and before anything else is opened.
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
from deepfake.ranges import Above0, Count, Finite, Length, Margin
from deepfake.schema import Label, MainFace, Tracks

FORMAT = 2
LABELS = {label.name.lower(): int(label) for label in Label}
MODELS = "deepfake.models."  # the only code that a model's config may name
FINDERS = "deepfake.faces.finders."  # the only code that a recipe of faces may name
BESIDE = ("extractor", "image_options")  # what a card says of how its faces were stored, which is no option
_DEEPEST, _MOST = 20, 20_000  # of what stands in a card; ours are 6 deep and have 300 values


class _Plain(BaseModel):
    """Fields that are not named are another version's, and pass."""

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


class _Data(_Plain):
    corpus: str
    protocol: str
    fingerprint: str | None
    content: dict[str, str] = {}


class _Scoring(_Plain):
    clips_per_track: Count | None
    tracks: Tracks
    main_face: MainFace
    aggregation: str


class Card(_Plain):
    """What stands in every checkpoint beside Lightning's own.

    Attributes:
        format: of the card.
        model: config that the detector is built from.
        spec: the detector's input.
        labels: name -> number.
        faces: the recipe, as `deepfake.faces.settled_recipe.carried_recipe` gives it.
        data: what the weights were trained on.
        config: of the run, resolved.
        scoring: the rule, as `rule_card` gives it; cards of before it was noted have none.
        digest: of the file's state dict; cards of before it was noted have none.
    """

    format: Literal[2]
    model: _Model
    spec: _Spec
    labels: dict[str, int]
    faces: _Faces
    data: _Data
    config: dict[str, Any]
    scoring: _Scoring | None = None
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


def check_card(card: Mapping[str, Any], path: Path) -> None:
    """See that a card of today's format is whole, typed, and asks for nothing but models and finders of ours.

    Raises:
        CheckpointError: the first thing that is not so, by its name.
    """
    _check_plain(card, path)
    try:
        Card.model_validate(dict(card))
    except ValidationError as error:
        raise CheckpointError(f"{path} has a card {_first(error)}") from None
    check_targets(card["model"], path, MODELS, nn.Module, "model")
    for line in faults(card["model"], Built(Detector), "model"):
        raise CheckpointError(f"{path} has a card in which {line}")
    check_recipe(card["faces"], path)


def check_recipe(faces: Any, path: Path) -> dict[str, Any]:
    """A card's recipe of faces, complete.

    Raises:
        CheckpointError: it is none, names code that is not a finder of ours, or has an option that is unknown, of
            another type, or beyond what makes sense.
    """
    if not isinstance(faces, dict) or not isinstance(faces.get("finder"), dict):
        raise CheckpointError(f"{path} has no recipe of faces: a whole checkpoint of this project has one")
    check_targets(faces, path, FINDERS, Finder, "faces")
    beside = {name: faces[name] for name in BESIDE if name in faces}
    finder = {name: value for name, value in faces["finder"].items() if name != "weights"}  # a path of another machine
    recipe = {name: value for name, value in faces.items() if name not in BESIDE}
    try:
        return {**checked({**recipe, "finder": finder}), **beside}
    except ConfigError as error:
        raise CheckpointError(f"{path} has a recipe of faces that is none: {error}") from error


def upgraded(card: Mapping[str, Any]) -> dict[str, Any]:
    """Rewrite a card that an older version wrote as one of today.

    In format 1 finders were called detectors, and nobody knows which weights its finder had: they are looked for by
    their published name.
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


# Options of a run's config that have another name today.
_RENAMED = {
    "loader.clips_per_video": "sampling.clips_per_video",
    "loader.eval_clips_per_video": "sampling.eval_clips_per_track",
}


def renamed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of a config that an older version wrote the names that they have today.

    Args:
        config: plain data of a whole run.

    Example:
        >>> renamed({"loader": {"batch_size": 8, "clips_per_video": 4}})
        {'loader': {'batch_size': 8}, 'sampling': {'clips_per_video': 4}}
    """
    found = {group: dict(options) if isinstance(options, dict) else options for group, options in config.items()}
    for old, new in _RENAMED.items():
        (group, option), (to, name) = old.split("."), new.split(".")
        if isinstance(found.get(group), dict) and option in found[group]:
            found.setdefault(to, {})[name] = found[group].pop(option)
    return found


def check_targets(node: Any, path: Path, package: str, base: type, name: str) -> None:
    """Refuse a config that would call anything but classes of ours, derived from `base`.

    Args:
        node: plain data.
        path: of the checkpoint.
        package: where the classes are.
        base: of them.
        name: of the config, for people.
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
                kind = "model" if base is nn.Module else "face finder"
                raise CheckpointError(
                    f"{path} asks to call {_shown(value)} ({inside}), which is not a {kind} of this project: refused"
                )
            check_targets(value, path, package, base, inside)


def _is_ours(target: Any, package: str, base: type) -> bool:
    if not isinstance(target, str) or not target.startswith(package):
        return False
    try:
        found = get_object(target)
    except (ImportError, AttributeError, ValueError):
        return False
    return isinstance(found, type) and issubclass(found, base) and found.__module__.startswith(package)


def _check_plain(card: Mapping[str, Any], path: Path) -> None:
    """Words, numbers, lists and dicts, no deeper and no more than a card needs, so that it can be walked and shown."""
    left = _MOST
    nodes: list[tuple[Any, str, int]] = [(card, "", 0)]
    while nodes:
        node, name, depth = nodes.pop()
        begin = f"{path} has a card whose {shorten(name, 80) or 'top'}"
        left -= 1
        if left < 0 or depth > _DEEPEST:
            raise CheckpointError(f"{begin} holds too much, or is nested too deeply: refused")
        if isinstance(node, Mapping):
            if other := [key for key in node if type(key) is not str]:
                raise CheckpointError(f"{begin} has the key {_shown(other[0])}: refused")
            nodes += [(value, f"{name}.{key}" if name else key, depth + 1) for key, value in node.items()]
        elif isinstance(node, list):
            nodes += [(value, f"{name}.{index}", depth + 1) for index, value in enumerate(node)]
        elif type(node) not in (str, int, float, bool, type(None)):
            raise CheckpointError(f"{begin} is a {type(node).__name__} and no plain data: refused")


def _first(error: ValidationError) -> str:
    """`without spec.size`, or `whose spec.size is 'abc': it should be a valid integer`."""
    first = error.errors()[0]
    name = shorten(".".join(map(str, first["loc"])), 80)
    if first["type"] == "missing":
        return f"without {name}: a whole checkpoint of this project has it"
    return f"whose {name} is {_shown(first['input'])}: {first['msg'].replace('Input should be', 'it should be')}"


def _shown(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "no number"
    return shorten(repr(value), 60, placeholder=" ...")
