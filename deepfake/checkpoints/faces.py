"""The faces that a checkpoint is shown: by its own recipe, and where options ask for something else, that is said."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from deepfake.checkpoints.card import BESIDE, check_recipe
from deepfake.checkpoints.checkpoint import Checkpoint
from deepfake.config.plain import plain
from deepfake.faces.settled_recipe import settled, stored_recipe, with_weights

log = logging.getLogger(__name__)
UNKNOWN = "unknown"

Differences = dict[str, dict[str, Any]]


def faces_of(
    checkpoint: Checkpoint, options: DictConfig | None, weights_dir: Path
) -> tuple[dict[str, Any], Differences]:
    """The recipe of a checkpoint, with the options that are given put in one by one.

    Args:
        checkpoint: whose card has a recipe.
        options: the config group `faces`; what is null there is as in the checkpoint.
        weights_dir: where the finder's weights are looked for.

    Returns:
        The settled recipe, whose weights may have to be fetched still if the card says which they are; and what differs
        from the card, option -> its value here and there.

    Raises:
        CheckpointError: the card's recipe names code that is not a finder of ours, or has values that are no recipe's.
        ConfigError: an option is not one of the finder's, or has a value that makes no sense.
        WeightsError: the weights are not here, and the card does not say which they are; see also `settled`.
    """
    theirs = check_recipe(checkpoint.card.get("faces"), checkpoint.path)
    beside = {name: theirs.pop(name, UNKNOWN) for name in BESIDE}
    faces = settled(_put_in(_given(plain(options) if options else {}), theirs), weights_dir)
    if faces["finder"].get("weights_digest", "") is None:
        faces = with_weights(faces)
    differing = differences(stored_recipe(faces), {**theirs, **beside})
    for name, values in differing.items():
        log.warning("%s is %s, and %s in the checkpoint", name, values["here"], values["checkpoint"])
    return faces, differing


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null."""
    finder = {name: value for name, value in (options.get("finder") or {}).items() if value is not None}
    return {**{name: value for name, value in options.items() if value is not None}, "finder": finder}


def _put_in(given: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Options over a checkpoint's recipe; another finder, or another file of weights, leaves nothing of the old one."""
    finder = dict(given["finder"])
    if "_target_" not in finder:
        known = theirs["finder"]
        if "weights" in finder:
            known = {name: value for name, value in known.items() if not name.startswith("weights")}
        finder = {**known, **finder}
    return {**theirs, **given, "finder": finder}


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> Differences:
    """Option -> its value here and on a card, of those that differ. The options of two finders are not compared.

    Args:
        here: as `stored_recipe` gives it.
        there: the same of a card; what it does not say is `UNKNOWN`.
    """
    ours, theirs = ({f"faces.{name}": value for name, value in of.items() if name != "finder"} for of in (here, there))
    finder, other = here["finder"], there["finder"]
    if finder["_target_"] != other["_target_"]:
        ours["faces.finder"], theirs["faces.finder"] = _in_words(finder), _in_words(other)
    else:
        ours |= {f"faces.finder.{name}": value for name, value in finder.items()}
        theirs |= {f"faces.finder.{name}": value for name, value in other.items()}
    if here["image_format"] != there["image_format"]:
        del ours["faces.image_options"]  # they follow from it
    pairs = {name: {"here": value, "checkpoint": theirs.get(name, UNKNOWN)} for name, value in ours.items()}
    return {name: pair for name, pair in pairs.items() if pair["here"] != pair["checkpoint"]}


def _in_words(finder: Mapping[str, Any]) -> str:
    """`Mtcnn(min_face_size=40, ...)`."""
    options = {name: value for name, value in finder.items() if name not in ("_target_", "weights_file", "batch_size")}
    name = finder["_target_"].rpartition(".")[2]
    return f"{name}({', '.join(f'{option}={value}' for option, value in options.items())})"
