"""Settle a recipe for faces, and tell which part of it decides what is stored.

The content of a finder's weights does, their path does not.
A config of the group `faces` becomes a settled recipe (`settled`): every option of `Recipe` and of the finder has a
value, and `finder` also holds

    weights            path of the file; only for a finder whose weights are published
    weights_digest     digest of its content; None while there is no such file
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any

from pydantic import Field

from deepfake.errors import ConfigError, WeightsError
from deepfake.faces.finders import Finder
from deepfake.faces.finders.options import complete_options
from deepfake.faces.finders.weights import Packaged, digest_of, fetched, place_of
from deepfake.faces.recipe import EXTRACTOR_VERSION, Recipe
from deepfake.options import parameters, typed, unknown_option
from deepfake.ranges import PathName, Word
from deepfake.store import ENCODING

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="32 digits, 0 to 9 and a to f")]
WEIGHTS = {"weights": PathName, "weights_digest": _Digest, "weights_file": Word}  # the last: the name on a card
MACHINE = ("weights", "batch_size")  # options of a finder that do not change what it finds


def checked(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Give every option its value, and leave the weights as given. Reads no file.

    Args:
        faces: plain data, a config of the group `faces`.

    Raises:
        ConfigError: an option is unknown, missing, of the wrong type or out of range.
    """
    known = parameters(Recipe)
    for name in faces:
        if name not in {*known, "finder"}:
            names = [f"faces.{other}" for other in (*known, "finder")]
            raise ConfigError(unknown_option(f"faces.{name}", names, "faces"))
    finder = faces.get("finder") or {}
    kind = finder_class(finder)
    # Checkpoints older than an option do not name it; an option without a default is refused as null.
    recipe = Recipe(**{name: faces.get(name, known[name].or_null) for name in known})
    weights = {name: finder[name] for name in WEIGHTS if finder.get(name) is not None}
    typed("faces.finder", weights, {name: WEIGHTS[name] for name in weights})
    given = {name: value for name, value in finder.items() if name not in ("_target_", *WEIGHTS)}
    if isinstance(kind.weights_source, Packaged) and "weights" in weights:
        given["weights"] = weights["weights"]  # refused below, since such a finder has no option `weights`
    return {"finder": {"_target_": finder["_target_"], **complete_options(kind, given), **weights}, **asdict(recipe)}


def finder_class(finder: Mapping[str, Any]) -> type[Finder]:
    """Return the class that a finder's config names.

    Raises:
        ConfigError: it names no class, or one that is not a finder.
    """
    target = finder.get("_target_")
    if target is None:
        raise ConfigError("no finder is chosen (faces.finder._target_): add faces=mtcnn, or another option of faces")
    try:
        found = resolve_name(target)
    except Exception as error:  # the named module may raise anything
        raise ConfigError(f"faces.finder._target_ is {target!r}, which cannot be imported") from error
    if not isinstance(found, type) or not issubclass(found, Finder):
        raise ConfigError(f"faces.finder._target_ is {target!r}, which is not a finder")
    return found


def settled(faces: Mapping[str, Any], weights_dir: Path) -> dict[str, Any]:
    """Complete a recipe and look up its weights; nothing is downloaded.

    Args:
        faces: plain data, a config of the group `faces`; `weights_digest` in `finder` requires weights with it.
        weights_dir: folder of the weights whose path is not given.

    Raises:
        ConfigError: see `checked`.
        WeightsError: a given file does not exist, or installed weights do not match `weights_digest`.
    """
    faces = checked(faces)
    options = {name: value for name, value in faces["finder"].items() if name not in WEIGHTS}
    path, digest, name = (faces["finder"].get(key) for key in WEIGHTS)
    kind = finder_class(options)
    source = kind.weights_source
    found: dict[str, Any]
    if isinstance(source, Packaged):
        found = {"weights_digest": digest_of(source.files)} if source.files else {}
        if digest not in (None, found.get("weights_digest")):
            raise WeightsError(
                f"{kind.__name__} needs weights with the digest {digest}, but those of {source.package} here have "
                f"{found.get('weights_digest')}: install the release that the checkpoint was made with, or use others "
                "by naming a whole recipe, as in faces=mtcnn"
            )
    elif path is not None:
        if not Path(path).is_file():
            raise WeightsError(f"faces.finder.weights={path} does not exist: {source.cure}")
        found = {"weights": path, "weights_digest": digest_of([Path(path)])}
    else:
        place = place_of(source, weights_dir, digest, name)
        found = {"weights": str(place), "weights_digest": digest or (digest_of([place]) if place.is_file() else None)}
    return {**faces, "finder": {**options, **found}}


def with_weights(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Return a settled recipe whose weights exist, after a download if need be, and match the digest.

    Raises:
        WeightsError: they do not exist or do not match.
    """
    finder = dict(faces["finder"])
    kind = finder_class(finder)
    if not isinstance(kind.weights_source, Packaged):
        path, digest = Path(finder["weights"]), finder["weights_digest"]
        finder["weights_digest"] = fetched(kind.weights_source, path, digest, kind.__name__)
    return {**faces, "finder": finder}


def make_finder(finder: Mapping[str, Any], device: str) -> Callable[[], Finder]:
    """Return a picklable function that makes the finder of a settled recipe, for workers."""
    beside = ("_target_", "weights_digest")
    options = {name: value for name, value in finder.items() if name not in beside}
    kind: Callable[..., Finder] = finder_class(finder)
    return partial(kind, device=device, **options)


def stored_recipe(faces: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a settled recipe that decides which pixels are stored; it names the face store's folder."""
    return {
        **faces,
        "finder": {name: value for name, value in faces["finder"].items() if name not in MACHINE},
        "extractor": EXTRACTOR_VERSION,
        "image_options": dict(ENCODING[faces["image_format"]]),
    }


def carried_recipe(faces: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a settled recipe that a checkpoint's card keeps: what is stored, and the name of the weights file."""
    stored, path = stored_recipe(faces), faces["finder"].get("weights")
    file = {} if path is None or faces["finder"]["weights_digest"] is None else {"weights_file": Path(path).name}
    finder = {name: value for name, value in stored["finder"].items() if value is not None}
    return {**stored, "finder": {**finder, **file}}
