"""Serves the page on which people drop a file and see its verdict."""

import logging
from contextlib import closing
from pathlib import Path

from omegaconf import DictConfig

from deepfake.app import Limits, check_gradio, listen, serve_page, warn_if_open
from deepfake.checkpoints import detector_names, require_each_once
from deepfake.command.entry import entry_point
from deepfake.command.stopping import stoppable
from deepfake.config.plain import plain_list
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
        require_each_once(checkpoints)
        names = map(shown, detector_names(checkpoints))
        loaded = [_predictor(cfg, path) for path in checkpoints]
        predictors = {
            f"{name}: {predictor.about.name}": predictor for name, predictor in zip(names, loaded, strict=True)
        }
        warn_if_open(listener)
        logging.getLogger("deepfake.extraction").setLevel(logging.WARNING)  # it tells of each file in four lines
        serve_page(predictors, listener, limits)


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
