"""What is asked for of faces, complete and checked, and what of it is stored: where a finder's weights lie says nothing
about the faces, which they are says all.

A config of the group `faces` becomes a recipe that is settled (`settled`): every option of `Recipe` and of the finder
has its value, and `finder` holds beside them

    weights            path of the file; only of a finder whose weights are published
    weights_digest     of its content; None while there is no such file
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
from deepfake.options import parameters, typed, unknown
from deepfake.ranges import PathName, Word
from deepfake.store import ENCODING

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="32 digits, 0 to 9 and a to f")]
WEIGHTS = {"weights": PathName, "weights_digest": _Digest, "weights_file": Word}  # the last: its name, on a card
MACHINE = ("weights", "batch_size")  # of a finder's options those that change nothing of what it finds


def checked(faces: Mapping[str, Any]) -> dict[str, Any]:
    """Every option with its value, the weights as they were given. Reads no file.

    Args:
        faces: plain data, a config of the group `faces`.

    Raises:
        ConfigError: an option is unknown, missing, of another type, or beyond what makes sense.
    """
    known = parameters(Recipe)
    for name in faces:
        if name not in {*known, "finder"}:
            raise ConfigError(unknown(f"faces.{name}", [f"faces.{other}" for other in (*known, "finder")], "of faces"))
    finder = faces.get("finder") or {}
    kind = finder_class(finder)
    # Checkpoints made before something was an option do not name it; what has no default is refused as null.
    recipe = Recipe(**{name: faces.get(name, known[name].or_null) for name in known})
    weights = {name: finder[name] for name in WEIGHTS if finder.get(name) is not None}
    typed("faces.finder", weights, {name: WEIGHTS[name] for name in weights})
    given = {name: value for name, value in finder.items() if name not in ("_target_", *WEIGHTS)}
    if isinstance(kind.weights_source, Packaged) and "weights" in weights:
        given["weights"] = weights["weights"]  # which no option is
    return {"finder": {"_target_": finder["_target_"], **complete_options(kind, given), **weights}, **asdict(recipe)}


def finder_class(finder: Mapping[str, Any]) -> type[Finder]:
    """The class that a finder's config names.

    Raises:
        ConfigError: it names none, or something else.
    """
    target = finder.get("_target_")
    if target is None:
        raise ConfigError("no finder is chosen (faces.finder._target_): add faces=mtcnn, or another option of faces")
    try:
        found = resolve_name(target)
    except Exception as error:  # whatever the module raises that it names
        raise ConfigError(f"faces.finder._target_ is {target!r}, which cannot be imported") from error
    if not isinstance(found, type) or not issubclass(found, Finder):
        raise ConfigError(f"faces.finder._target_ is {target!r}, which is no finder")
    return found


def settled(faces: Mapping[str, Any], weights_dir: Path) -> dict[str, Any]:
    """A recipe with all its options and with its weights looked up; nothing is downloaded.

    Args:
        faces: plain data, a config of the group `faces`; with `weights_digest` in `finder`, weights are those of it.
        weights_dir: where weights lie whose path is not given.

    Raises:
        ConfigError: see `checked`.
        WeightsError: a file that was given does not exist, or installed weights are not those of `weights_digest`.
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
                f"{kind.__name__} needs weights with the digest {digest}, and those of {source.package} here have "
                f"{found.get('weights_digest')}: install the release that the checkpoint was made with, or name the "
                "whole recipe to find faces with others, as in faces=mtcnn"
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
    """A settled recipe whose weights are there, downloaded if that is all it takes, and are those of the digest.

    Raises:
        WeightsError: they are not.
    """
    finder = dict(faces["finder"])
    kind = finder_class(finder)
    if not isinstance(kind.weights_source, Packaged):
        path, digest = Path(finder["weights"]), finder["weights_digest"]
        finder["weights_digest"] = fetched(kind.weights_source, path, digest, kind.__name__)
    return {**faces, "finder": finder}


def make_finder(finder: Mapping[str, Any], device: str) -> Callable[[], Finder]:
    """What makes the finder of a settled recipe; picklable, for workers."""
    beside = ("_target_", "weights_digest")
    options = {name: value for name, value in finder.items() if name not in beside}
    kind: Callable[..., Finder] = finder_class(finder)
    return partial(kind, device=device, **options)


def stored_recipe(faces: Mapping[str, Any]) -> dict[str, Any]:
    """All of a settled recipe that decides which pixels are stored; the face store's folder is named by it."""
    return {
        **faces,
        "finder": {name: value for name, value in faces["finder"].items() if name not in MACHINE},
        "extractor": EXTRACTOR_VERSION,
        "image_options": dict(ENCODING[faces["image_format"]]),
    }


def carried_recipe(faces: Mapping[str, Any]) -> dict[str, Any]:
    """What the card of a checkpoint keeps of a settled recipe: what is stored, and the name of the weights' file."""
    stored, path = stored_recipe(faces), faces["finder"].get("weights")
    file = {} if path is None or faces["finder"]["weights_digest"] is None else {"weights_file": Path(path).name}
    finder = {name: value for name, value in stored["finder"].items() if value is not None}
    return {**stored, "finder": {**finder, **file}}
