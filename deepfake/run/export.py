"""Writes a checkpoint as files that others can run; nothing is written unless each scores as the checkpoint does."""

import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.checkpoints import Checkpoint, build_detector, read_checkpoint
from deepfake.checkpoints.checkpoint import PREFIX
from deepfake.command.entry import entry_point
from deepfake.command.writable import require_writable
from deepfake.config.plain import plain_list
from deepfake.errors import ConfigError
from deepfake.export import facts_of, measured_runs, model_card, push, require_agreement, require_login
from deepfake.export.formats import FORMATS
from deepfake.models.detector import Detector
from deepfake.models.digest import digest
from deepfake.names import shown
from deepfake.report.tables import show_paths

NAME, CARD_FILE, PAGE = "model", "card.json", "README.md"
log = logging.getLogger(__name__)


@entry_point
def export(cfg: DictConfig) -> None:
    """Write the detector of `cfg.checkpoint` in each of `cfg.format`."""
    output, formats = Path(cfg.output), [*dict.fromkeys(plain_list(cfg.format))]
    _check(cfg, output, formats)
    checkpoint = read_checkpoint(cfg.checkpoint)
    detector = build_detector(checkpoint, cfg.backbone_weights)
    runs, why_none = measured_runs(checkpoint, None if cfg.runs is None else [Path(each) for each in cfg.runs])
    facts = facts_of(_card(checkpoint, detector))
    contents = {_file(name): _made(name, detector, facts) for name in formats}
    page = model_card(facts, [*contents], runs, why_none)
    contents |= {CARD_FILE: json.dumps(facts, indent=2).encode(), PAGE: page.encode()}
    output.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomic(output / name, content)
    if not runs:
        log.warning("%s holds no numbers: %s; runs=[FOLDER] takes those of a run", PAGE, why_none)
    paths: dict[str, Path | str] = {"folder": output, **{name: output / name for name in contents}}
    if cfg.push_to_hub is not None:
        log.info("published with the files: the config of the training, with its paths, in the card")
        paths["hub"] = push(cfg.push_to_hub, {name: output / name for name in contents}, private=cfg.private)
    show_paths(paths)


def _check(cfg: DictConfig, output: Path, formats: Sequence[str]) -> None:
    """Stop before any work at what would stop the command in the end.

    Raises:
        ConfigError: a file is there already, or `output` is the name of a file.
        ExportError: nobody is logged in to the hub, or it cannot be reached.
        MissingPackageError: a format's packages are not installed.
    """
    if output.suffix in {known.suffix for known in FORMATS.values()}:
        raise ConfigError(
            f"output={output} is the name of a file: give a folder, in which the file will be {NAME}{output.suffix}"
        )
    for name in [*map(_file, formats), CARD_FILE, PAGE]:
        if (output / name).exists():
            raise ConfigError(f"output={output} holds {name} already: delete it, or give another folder")
    for name in formats:
        FORMATS[name].require()
    require_writable(output)
    if cfg.push_to_hub is not None:
        require_login(cfg.push_to_hub)


def _file(name: str) -> str:
    return f"{NAME}{FORMATS[name].suffix}"


def _card(checkpoint: Checkpoint, detector: Detector) -> dict[str, Any]:
    """Return the card of a file that holds all weights, also of a checkpoint that leaves some out."""
    state = {f"{PREFIX}{name}": value for name, value in detector.state_dict().items()}
    card = {**checkpoint.card, "rest": None, "digest": digest(state)}
    calibration = card.get("calibration")
    if calibration is not None and calibration.get("checkpoint") == checkpoint.digest:
        card["calibration"] = {**calibration, "checkpoint": card["digest"]}  # of the same scores
    return card


def _made(name: str, detector: Detector, facts: Mapping[str, Any]) -> bytes:
    """Return the content of a file that scores as the detector does, read again as a user reads it."""
    kind, file = FORMATS[name], _file(name)
    log.info("making and checking %s", shown(file))
    content = kind.make(detector, facts)
    with tempfile.TemporaryDirectory(prefix="deepfake-") as folder:
        path = Path(folder) / file
        path.write_bytes(content)
        difference = require_agreement(detector, kind.open(path), kind.limit, file)
    log.info("%s: logits differ from the checkpoint's by at most %.1e (allowed: %g)", file, difference, kind.limit)
    return content
