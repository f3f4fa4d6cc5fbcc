"""Makes a checkpoint of this project from published weights; nothing is written unless it is complete."""

import io
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from deepfake.atomic import write_atomic
from deepfake.checkpoints import make_card, without_weights
from deepfake.command.entry import CURES, entry_point
from deepfake.config.plain import plain
from deepfake.content import sha256_of_file
from deepfake.errors import ConfigError, WeightsError
from deepfake.faces.settled_recipe import carried_recipe, settled
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.models.fit import load_exactly
from deepfake.models.imported.keras import read_keras_arrays, read_keras_shapes
from deepfake.models.imported.mesonet import architecture, check_keras, from_keras
from deepfake.models.imported.v1 import from_v1
from deepfake.models.torch_file import load
from deepfake.report.tables import show_paths
from deepfake.task import CARD


@entry_point
def import_weights(cfg: DictConfig) -> None:
    """Write the checkpoint `cfg.output` from the file `cfg.weights`.

    Raises:
        ConfigError: the output exists or cannot be written.
        WeightsError: the file of weights does not exist, cannot be read safely, or holds another network.
    """
    source, output = Path(cfg.weights), Path(cfg.output)
    if output.exists():
        raise ConfigError(f"output={output} exists: delete it, or give another name")
    if not source.is_file():
        raise WeightsError(f"weights={source} does not exist: check the path")
    faces = carried_recipe(settled(plain(cfg.faces), Path(cfg.paths.weights_dir)))
    name, detector = FORMATS[cfg.format](source, cfg.models)

    config = {**{key: value for key, value in plain(cfg).items() if key != "models"}, "model": plain(cfg.models[name])}
    data = {
        "corpus": "unknown",  # files of weights do not say what they were trained on
        "protocol": "unknown",
        "fingerprint": None,
        "imported": {"format": cfg.format, "file": source.name, "sha256": sha256_of_file(source)},
    }
    state = {f"detector.{key}": value for key, value in detector.state_dict().items()}
    content = io.BytesIO()
    card = make_card(OmegaConf.create(config), detector.spec, data, faces)
    torch.save({CARD: {**card, "digest": digest(state)}, "state_dict": state}, content)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(output, content.getvalue())
    except OSError as error:
        cure = CURES.get(error.errno or 0, "choose another path")
        raise ConfigError(f"output={output} cannot be written: {error.strerror}; {cure}") from error
    spec = detector.spec
    show_paths(
        {
            "model": name,
            "input": f"{spec.size} pixels, {spec.margin} times the face box, {spec.shape}",
            "checkpoint": output,
        }
    )


def _import_mesonet(source: Path, models: DictConfig) -> tuple[str, Detector]:
    what = f"weights={source}"
    found = read_keras_shapes(source)
    name = architecture(found, what)
    detector = _build(models[name])
    check_keras(detector, found, f"{what} is not {name}")
    _load(detector, from_keras(detector, read_keras_arrays(source)), what)
    return name, detector


def _import_v1(source: Path, models: DictConfig) -> tuple[str, Detector]:
    what = f"weights={source}"
    with source.open("rb") as file:
        content = load(file, what)
    weights = content.get("model") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        found = ", ".join(map(str, list(content)[:6])) if isinstance(content, dict) else type(content).__name__
        raise WeightsError(
            f"{what} is not a v1 checkpoint: found {found or 'nothing'}, expected model (tensors by name)"
        )
    detector = _build(models.meso4_v1)
    _load(detector, from_v1(detector, weights, f"{what} is not the MesoNet4 of v1"), what)
    return "meso4_v1", detector


FORMATS = {"mesonet": _import_mesonet, "v1": _import_v1}


def _build(model: DictConfig) -> Detector:
    detector: Detector = instantiate(without_weights(plain(model)))
    return detector


def _load(detector: Detector, state: dict[str, Tensor], what: str) -> None:
    load_exactly(detector, state, what)
