"""Our checkpoints: what they hold beside Lightning's own entries, and how they are read.

A checkpoint is read with `weights_only=True`, so nothing in it is executed. Its `deepfake` entry, the card, is plain
data: the model's config, the input spec, the label convention, the recipe of the faces, the scoring rule, the whole
resolved config and the fingerprint of the data. What `scripts/export.py` makes of one is read by the same functions:
`.safetensors` holds the weights and the card, `.onnx` a network that only scores, and the card.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from deepfake.checkpoints.card import FORMAT, LABELS, check_card, upgraded
from deepfake.checkpoints.scoring_rule import chosen_rule, rule_card
from deepfake.content import sha256
from deepfake.errors import CheckpointError, WeightsError
from deepfake.models.digest import digest
from deepfake.models.fit import require_finite
from deepfake.models.onnx_file import read_onnx
from deepfake.models.safetensors_file import read_safetensors
from deepfake.models.sealed import card_in
from deepfake.models.torch_file import load_seen, look
from deepfake.schema import ClipSpec
from deepfake.screen import from_here
from deepfake.task import CARD

PREFIX = "detector."  # of the detector's weights in the file of a training
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's card and its detector's weights.

    Attributes:
        path: the file that it was read from.
        card: plain data, see `make_card`.
        state: the detector's state dict.
        content: the whole file, with Lightning's own entries; empty of an exported file.
        graph: the content of an `.onnx` file, which has no state; None of any other.
    """

    path: Path
    card: Mapping[str, Any]
    state: Mapping[str, Tensor]
    content: Mapping[str, Any]
    graph: bytes | None = None

    @property
    def digest(self) -> str:
        """The digest of what scores: files of one digest give one score."""
        if self.graph is not None:
            return sha256(self.graph).hexdigest()
        return self.card.get("digest") or digest(self.state)


def make_card(
    cfg: DictConfig,
    spec: ClipSpec,
    data: Mapping[str, Any],
    faces: Mapping[str, Any],
    distortions: Sequence[str] | None = None,
    rest: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Make the plain data that goes into every checkpoint of a run.

    Args:
        cfg: the run's config.
        spec: the detector's input.
        data: corpus, protocol, counts and fingerprint; `deepfake.checkpoints.card.Card` has their types.
        faces: the recipe, as `deepfake.faces.settled_recipe.carried_recipe` returns it.
        distortions: what the run's augmentation does to training clips; None if that is not known.
        rest: as `deepfake.checkpoints.rest.rest_card` returns it.
        quality: of the training clips, as `deepfake.training.quality.quality_card` returns it.
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
        "distortions": None if distortions is None else sorted(distortions),
        "quality": None if quality is None else dict(quality),
        "rest": None if rest is None else dict(rest),
        "config": config,
    }


def spec_card(spec: ClipSpec) -> dict[str, Any]:
    """Return a spec as plain data."""
    return {**asdict(spec), "mean": list(spec.mean), "std": list(spec.std)}


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint of this project, or a file exported from one.

    Raises:
        MissingPackageError: the file is one of ONNX, and onnx or onnxruntime is not installed.
        CheckpointError: it does not exist, cannot be read safely, is damaged, or was written by another program.
    """
    path = Path(path)
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        found = [file for file in (path / "best.ckpt", path / "checkpoints" / "best.ckpt") if file.is_file()]
        cure = f"give {from_here(found[0])}" if found else "give the path of a .ckpt file under outputs/"
        raise CheckpointError(f"checkpoint {path} {problem}: {cure}")
    try:
        return _READERS.get(path.suffix.lower(), _read_torch)(path)
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error.strerror}") from error
    except WeightsError as error:
        raise CheckpointError(str(error)) from error


def _read_torch(path: Path) -> Checkpoint:
    with path.open("rb") as file:
        card = _checked_card(look(file, str(path)), path)
        content = load_seen(file, str(path))
    _check_state(content["state_dict"], card, path)
    state = {k.removeprefix(PREFIX): v for k, v in content["state_dict"].items() if k.startswith(PREFIX)}
    return Checkpoint(path, card, state, content)


def _read_safetensors(path: Path) -> Checkpoint:
    texts, state = read_safetensors(path)
    card = _checked_card({CARD: card_in(texts, str(path)), "state_dict": {}}, path)
    _check_state({f"{PREFIX}{name}": value for name, value in state.items()}, card, path)
    return Checkpoint(path, card, state, {})


def _read_onnx(path: Path) -> Checkpoint:
    texts, graph = read_onnx(path)
    card = _checked_card({CARD: card_in(texts, str(path)), "state_dict": {}}, path)
    return Checkpoint(path, card, {}, {}, graph)


def _refuse_program(path: Path) -> Checkpoint:
    raise CheckpointError(
        f"{path} is a file of torch.export, and loading one runs code that it may hold: give the checkpoint that it was"
        " made from, or export that with format=safetensors or format=onnx"
    )


_READERS = {".safetensors": _read_safetensors, ".onnx": _read_onnx, ".pt2": _refuse_program}


def _checked_card(seen: Any, path: Path) -> dict[str, Any]:
    """Return a file's card, checked and in the current format.

    Args:
        seen: the file's content, as `look` returns it.
        path: the file, for messages.
    """
    card = seen.get(CARD) if isinstance(seen, dict) else None
    if not isinstance(card, dict) or not isinstance(seen.get("state_dict"), dict):
        raise CheckpointError(f"{path} is not a checkpoint of this project: it has no `{CARD}` entry")
    card = upgraded(card)
    if card.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {card.get('format')!r}, but this version reads 1 to {FORMAT}")
    check_card(card, path)
    return card


def _check_state(state: Mapping[Any, Any], card: Mapping[str, Any], path: Path) -> None:
    """Stop unless the weights are finite tensors and the ones that were saved."""
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(f"{path} has a state_dict with {name!r}, which is not a tensor: refused")
    if card.get("digest") is None:
        log.warning("%s is older than the digest of a checkpoint's weights: damage would go unnoticed", path)
    elif card["digest"] != digest(state):
        raise CheckpointError(
            f"{path} is damaged: its weights do not match the digest that was saved with them: copy the file again, or "
            "use another checkpoint of the run"
        )
    try:
        require_finite(state, str(path))
    except WeightsError as error:
        raise CheckpointError(str(error)) from error


def without_weights(model: Any) -> Any:
    """Return a model's config that reads and downloads no weights, since they come from elsewhere."""
    if not isinstance(model, dict):
        return model
    return {
        key: False if key == "pretrained" else without_weights(value)
        for key, value in model.items()
        if key != "weights"
    }
