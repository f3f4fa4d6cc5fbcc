"""The recipe of the faces that a checkpoint scores: its own, changed by options, with every difference logged."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from deepfake.checkpoints.card import RECORD_ONLY, check_recipe
from deepfake.checkpoints.checkpoint import Checkpoint
from deepfake.config.plain import plain
from deepfake.faces.settled_recipe import settled, stored_recipe, with_weights

log = logging.getLogger(__name__)
UNKNOWN = "unknown"

Differences = dict[str, dict[str, Any]]


def faces_of(
    checkpoint: Checkpoint, options: DictConfig | None, weights_dir: Path
) -> tuple[dict[str, Any], Differences]:
    """Return a checkpoint's recipe of faces, with the given options applied one by one.

    Args:
        checkpoint: one whose card has a recipe.
        options: the config group `faces`; a null value keeps the checkpoint's.
        weights_dir: the folder that is searched for the finder's weights.

    Returns:
        The settled recipe, whose weights may still have to be fetched if the card says which they are; and the
        differences from the card, as option -> its value here and there.

    Raises:
        CheckpointError: the card's recipe names code that is not one of our finders, or has invalid values.
        ConfigError: an option is not one of the finder's, or has an invalid value.
        WeightsError: the weights are not here, and the card does not say which they are; see also `settled`.
    """
    theirs = check_recipe(checkpoint.card.get("faces"), checkpoint.path)
    recorded = {name: theirs.pop(name, UNKNOWN) for name in RECORD_ONLY}
    faces = settled(_merged(_without_nulls(plain(options) if options else {}), theirs), weights_dir)
    if faces["finder"].get("weights_digest", "") is None:
        faces = with_weights(faces)
    differing = differences(stored_recipe(faces), {**theirs, **recorded})
    for name, values in differing.items():
        log.warning("%s is %s, but %s in the checkpoint", name, values["here"], values["checkpoint"])
    return faces, differing


def _without_nulls(options: Mapping[str, Any]) -> dict[str, Any]:
    """Drop options that are null."""
    finder = {name: value for name, value in (options.get("finder") or {}).items() if value is not None}
    return {**{name: value for name, value in options.items() if value is not None}, "finder": finder}


def _merged(given: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Put options over a checkpoint's recipe; a new finder or weights file drops what belonged to the old one."""
    finder = dict(given["finder"])
    if "_target_" not in finder:
        known = theirs["finder"]
        if "weights" in finder:
            known = {name: value for name, value in known.items() if not name.startswith("weights")}
        finder = {**known, **finder}
    return {**theirs, **given, "finder": finder}


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Differences:
    """Return option -> its value here and on a card, where these differ; two different finders differ as a whole.

    Args:
        here: a recipe, as `stored_recipe` returns it.
        there: a card's recipe in the same form; what it does not state is `UNKNOWN`.
    """
    ours, theirs = ({f"faces.{name}": value for name, value in x.items() if name != "finder"} for x in (here, there))
    finder, other = here["finder"], there["finder"]
    if finder["_target_"] != other["_target_"]:
        ours["faces.finder"], theirs["faces.finder"] = _summary(finder), _summary(other)
    else:
        ours |= {f"faces.finder.{name}": value for name, value in finder.items()}
        theirs |= {f"faces.finder.{name}": value for name, value in other.items()}
    if here["image_format"] != there["image_format"]:
        del ours["faces.image_options"]  # they follow from the format
    pairs = {name: {"here": value, "checkpoint": theirs.get(name, UNKNOWN)} for name, value in ours.items()}
    return {name: pair for name, pair in pairs.items() if pair["here"] != pair["checkpoint"]}


def _summary(finder: Mapping[str, Any]) -> str:
    """Summarise a finder as `Mtcnn(min_face_size=40, ...)`."""
    options = {name: value for name, value in finder.items() if name not in ("_target_", "weights_file", "batch_size")}
    name = finder["_target_"].rpartition(".")[2]
    return f"{name}({', '.join(f'{option}={value}' for option, value in options.items())})"
