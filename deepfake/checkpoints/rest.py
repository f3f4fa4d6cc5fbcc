"""A small checkpoint: it holds what trained, and names where the frozen weights of its backbone come from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from torch import Tensor

from deepfake.errors import CheckpointError, ConfigError, WeightsError
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.models.tune.tune import source_name

_BACKBONE = "backbone."


def rest_card(
    model: Mapping[str, Any], detector: Detector, resumed: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Say where the frozen weights come from; None if nothing is frozen, or they could not be had again.

    Args:
        model: the config group, as plain data.
        detector: what was built from it.
        resumed: what the checkpoint says that the run resumes from; a file that is given now takes its place.
    """
    backbone = model["backbone"]
    weights, pretrained = backbone.get("weights"), bool(backbone.get("pretrained"))
    if resumed is not None:
        moved = {"pretrained": False, "weights": str(Path(weights).absolute())} if weights else {}
        return {**resumed, **moved}
    if not detector.fixed or model.get("weights") is not None or not (weights or pretrained):
        return None
    state = detector.state_dict()
    return {
        "pretrained": pretrained and not weights,
        "weights": str(Path(weights).absolute()) if weights else None,
        "digest": digest({_source(name): state[name] for name in detector.fixed}),
    }


def fetched(card: Mapping[str, Any], fixed: Iterable[str], path: Path, given: str | Path | None) -> dict[str, Tensor]:
    """Load the weights that a checkpoint leaves out.

    Args:
        card: the checkpoint's card.
        fixed: names of these weights in the detector.
        path: the checkpoint, for messages.
        given: a file to take them from instead of the named source.

    Raises:
        CheckpointError: they are not there, or are others than the checkpoint was trained on.
    """
    rest = card["rest"]
    source = {
        "pretrained": rest["pretrained"] and given is None,
        "weights": str(given or rest["weights"] or "") or None,
    }
    cure = "give the file of its backbone's weights, backbone_weights=PATH (of train.py: model.backbone.weights=PATH)"
    try:
        found = instantiate({**card["model"]["backbone"], **source}).state_dict()
    except Exception as error:
        cause = error.__cause__ or error
        if not isinstance(cause, ConfigError | WeightsError):
            raise
        raise CheckpointError(
            f"{path} holds only what trained, and the rest cannot be loaded ({cause}); {cure}"
        ) from error
    names = {name: _source(name) for name in fixed}
    if digest({name: found[name] for name in names.values()}) != rest["digest"]:
        where = source["weights"] or "what is published now"
        raise CheckpointError(f"{path} was trained on other weights of its backbone than {where}; {cure}")
    return {name: found[of] for name, of in names.items()}


def _source(name: str) -> str:
    return source_name(name.removeprefix(_BACKBONE))
