"""Serves the page on which people drop a file and see its verdict."""

import logging
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from omegaconf import DictConfig

from deepfake.app import Limits, check_gradio, listen, serve_page, warn_if_open
from deepfake.command.entry import entry_point
from deepfake.command.stopping import stoppable
from deepfake.config.plain import plain_list
from deepfake.errors import ConfigError
from deepfake.extraction import ExtractOptions
from deepfake.names import shown
from deepfake.run.predict import warn_unlike_test
from deepfake.verdict import Predictor, load_predictor

STOPPED = "stopped; the page is closed, and nothing that was uploaded is kept"


@entry_point
def serve(cfg: DictConfig) -> None:
    """Serve the page with the detectors of `cfg.checkpoint`."""
    check_gradio()
    limits = Limits(cfg.max_megabytes, cfg.max_seconds, cfg.max_waiting)
    checkpoints = [Path(each) for each in plain_list(cfg.checkpoint)]
    with stoppable(lambda: STOPPED), closing(listen(cfg.host, cfg.port)) as listener:
        names = names_of(checkpoints)
        loaded = [_predictor(cfg, path) for path in checkpoints]
        predictors = {
            f"{name}: {predictor.about.name}": predictor for name, predictor in zip(names, loaded, strict=True)
        }
        warn_if_open(listener)
        logging.getLogger("deepfake.extraction").setLevel(logging.WARNING)  # it tells of each file in four lines
        serve_page(predictors, listener, limits)


def names_of(checkpoints: Sequence[Path]) -> list[str]:
    """Return what tells checkpoints apart: the shortest ends of their paths that differ.

    Raises:
        ConfigError: one is given twice.

    Example:
        >>> names_of([Path("outputs/a/best.ckpt"), Path("outputs/b/best.ckpt")])
        ['a/best.ckpt', 'b/best.ckpt']
    """
    absolute = [Path(os.path.abspath(path)) for path in checkpoints]
    for path in absolute:
        if absolute.count(path) > 1:
            raise ConfigError(f"checkpoint names {shown(path)} twice: give each once")
    return [shown(_shortest_end(path, absolute)) for path in absolute]


def _shortest_end(path: Path, among: Sequence[Path]) -> Path:
    """Return as many parts of a path, from its end, as no other path has there."""
    count = 1
    while sum(other.parts[-count:] == path.parts[-count:] for other in among) > 1:
        count += 1
    return Path(*path.parts[-count:])


def _predictor(cfg: DictConfig, checkpoint: Path) -> Predictor:
    predictor = load_predictor(
        checkpoint,
        device=cfg.device,
        tracks=cfg.tracks,
        aggregate=cfg.aggregate,
        calibration=cfg.calibration,
        backbone_weights=cfg.backbone_weights,
        weights_dir=cfg.paths.weights_dir,
        extract=ExtractOptions(**cfg.extract),
        explain=cfg.explain,
    )
    for scorer in predictor.scorers:
        warn_unlike_test(scorer.rule, predictor.faces)
    return predictor
