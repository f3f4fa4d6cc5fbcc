"""Several checkpoints that score the same faces: what each is called, and that they can stand side by side."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepfake.checkpoints.checkpoint import Checkpoint, read_checkpoint
from deepfake.checkpoints.faces import differences
from deepfake.errors import ConfigError
from deepfake.faces.settled_recipe import stored_recipe
from deepfake.names import as_text, shown
from deepfake.scoring import ScoringRule

log = logging.getLogger(__name__)


def detector_names(paths: Sequence[Path]) -> list[str]:
    """Return what each detector is called: its file's name, or its run's folder where several files have one name.

    Example:
        >>> detector_names([Path("a.ckpt"), Path("b.onnx")])
        ['a', 'b']
        >>> detector_names([Path(f"out/{run}/checkpoints/best.ckpt") for run in ("one", "two")])
        ['one', 'two']
    """
    places = [Path(os.path.abspath(path)) for path in paths]
    bare = [place.with_suffix("") for place in places]
    parts = [each.parts[::-1] for each in (bare if len({*bare}) == len(bare) else places)]
    names = [_name(own, [other for other in parts if other[0] == own[0]]) for own in parts]
    if len({*names}) < len(names):  # as of a file that has the name of another's folder
        names = ["/".join(own[-2::-1]) for own in parts]
    return [as_text(name) for name in names]


def _name(own: tuple[str, ...], alike: Sequence[tuple[str, ...]]) -> str:
    """Return the parts of a path, the last one first, that tell it from others whose last part is the same."""
    if len(alike) == 1:
        return own[0]
    longest = max(map(len, alike))
    depth = next(i for i in range(2, longest + 1) if len({other[:i] for other in alike}) == len(alike))
    telling = [i for i in range(1, depth) if len({other[i : i + 1] for other in alike}) > 1]
    return "/".join(own[i] for i in reversed(telling) if i < len(own))


def require_each_once(paths: Sequence[str | Path]) -> None:
    """Stop if a checkpoint is given twice.

    Raises:
        ConfigError: one is.
    """
    files = [Path(path).expanduser().resolve() for path in paths]
    for given, file in zip(paths, files, strict=True):
        if files.count(file) > 1:
            raise ConfigError(f"checkpoint= has {shown(given)} twice: give each once")


def read_several(paths: Sequence[str | Path]) -> dict[str, Checkpoint]:
    """Read the checkpoints of several detectors.

    Returns:
        Name -> checkpoint, in the order of the names, whatever the order of the paths.

    Raises:
        CheckpointError: see `read_checkpoint`.
        ConfigError: two of them have the same weights.
    """
    found = [read_checkpoint(path) for path in paths]
    weights: dict[str, Path] = {}
    for each in found:
        # A file of ONNX has a digest of its own, and the card of the checkpoint that it was made from.
        for digest in {each.digest, each.card.get("digest") or each.digest}:
            if digest in weights:
                both = f"{shown(each.path)} twice"
                if weights[digest] != each.path:
                    both = f"{shown(weights[digest])} and {shown(each.path)}, which have the same weights"
                raise ConfigError(f"checkpoint= has {both}: give each detector once")
            weights[digest] = each.path
    named = dict(zip(detector_names([each.path for each in found]), found, strict=True))
    return {name: named[name] for name in sorted(named)}


def require_persons(rules: Mapping[str, ScoringRule]) -> None:
    """Stop if a rule gives no person a score, since several detectors' scores are combined person by person.

    Args:
        rules: detector -> how its clips become scores.

    Raises:
        ConfigError: one does.
    """
    for name, rule in rules.items():
        if rule.aggregate == "mean_all":
            raise ConfigError(
                f"aggregate is mean_all for the detector {shown(name)}, which mixes all persons of a file, and several "
                "detectors are combined person by person: give another, such as aggregate=mean"
            )


def same_faces(faces: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the one recipe of faces of several detectors.

    Args:
        faces: detector -> its settled recipe.

    Raises:
        ConfigError: two of them differ in what is stored, so that one extraction cannot serve both.
    """
    (name, recipe), *others = faces.items()
    for other, theirs in others:
        if unlike := differences(stored_recipe(recipe), stored_recipe(theirs)):
            what = ", ".join(f"{key} is {pair['here']} and {pair['checkpoint']}" for key, pair in unlike.items())
            options = ", ".join(key for key in unlike if key != "faces.image_options")
            cure = "faces=..., a whole recipe" if "faces.finder" in unlike else options
            raise ConfigError(
                f"the detectors {shown(name)} and {shown(other)} have other recipes of faces ({what}), and one "
                f"extraction serves all: give {cure}, which then holds for both"
            )
    return dict(recipe)
