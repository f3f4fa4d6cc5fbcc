"""Trains and tests one detector: it turns a config into a complete run folder."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake.callbacks.run_id import RunId
from deepfake.checkpoints import make_card, read_checkpoint
from deepfake.checkpoints.data_card import data_card, file_digests
from deepfake.checkpoints.initial_model import build_model, cut_of
from deepfake.checkpoints.rest import rest_card
from deepfake.checkpoints.scoring_rule import chosen_rule, data_options, rule_card
from deepfake.command.entry import entry_point
from deepfake.command.show_config import show_config
from deepfake.command.stopping import START_AGAIN, stoppable
from deepfake.command.taken import options_of
from deepfake.command.together import in_turn, meet, together
from deepfake.config.model_name import model_name
from deepfake.config.plain import plain, with_options
from deepfake.corpora import Listing
from deepfake.corpora.audit import audit
from deepfake.corpora.fitness import require_trainable, without_train_fakes
from deepfake.corpora.listing import list_corpus
from deepfake.data.augment import Augmentation
from deepfake.data.cut import check_margin
from deepfake.data.datamodule import ClipDataModule
from deepfake.extraction.completion import complete_store, face_store
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.settled_recipe import carried_recipe, settled, with_weights
from deepfake.loggers.guard import GuardedLogger
from deepfake.loggers.wandb import closing
from deepfake.models.detector import Detector
from deepfake.optim.rates import Rates
from deepfake.ranks import is_first
from deepfake.report.provenance import Beginning, begin, provenance
from deepfake.report.results import covered
from deepfake.schema import Split
from deepfake.screen import from_here
from deepfake.store import FaceStore
from deepfake.task import DetectorTask
from deepfake.training.blends import write_blends
from deepfake.training.curves import carry_curves, earlier_curves
from deepfake.training.determinism import repeatable
from deepfake.training.epochs import (
    best_of,
    require_epochs,
    require_monitors,
    require_trained,
    require_unfinished,
    require_work,
    scored_coverage,
)
from deepfake.training.optimisation import log_optimisation, require_depths, require_possible, speed_up
from deepfake.training.quality import quality_card
from deepfake.training.results import write_results
from deepfake.training.resume import (
    carry_best,
    earlier_best,
    require_same,
    require_same_options,
    require_state,
    stop_message,
)
from deepfake.training.sweep import earlier_result, last_epoch
from deepfake.training.trainer import build_trainer, fit, measure, start_loggers

log = logging.getLogger(__name__)


@entry_point
def train(cfg: DictConfig) -> float | None:
    """Train a detector, and measure its best epoch on val and test.

    Returns:
        The best epoch's AUC on val videos, which a sweeper maximises; None if it is undefined, as with one class, since
        Optuna's sweeper takes that for a failed trial, while NaN would end the study.
    """
    begun = begin()
    require_work(cfg.train, cfg.resume)
    if cfg.print_config and is_first():
        show_config(cfg)
    folder = Path(cfg.paths.output_dir)
    if cfg.sweep.resume is not None:
        if done := earlier_result(folder, HydraConfig.get().overrides.task):
            log.info("this job is done, and is skipped: %s", from_here(folder))
            earlier: float | None = done["metrics"]["val/video/auc"]
            return earlier
        cfg = with_options(cfg, {"resume": last_epoch(folder) or cfg.resume})
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    with together(), repeatable(cfg.deterministic):
        auc = _train(cfg, folder, begun)
    return None if math.isnan(auc) else auc


def _train(cfg: DictConfig, folder: Path, begun: Beginning) -> float:
    resumed = None if cfg.resume is None else read_checkpoint(cfg.resume)
    detector = in_turn("model", lambda: build_model(cfg.model, resumed))
    cfg = with_options(cfg, {"model": cut_of(detector)})  # `model.weights` brings its own cut
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    # Measuring a checkpoint is a new run, so it does not take over the checkpoint's run id.
    best, run_id = best_of(callbacks), RunId.of(resumed.content if resumed and cfg.train else {})
    require_monitors(callbacks, cfg.scheduler.get("monitor"))
    trainer = build_trainer(cfg.trainer, [*callbacks.values(), run_id], folder / "checkpoints")
    require_epochs(trainer, plain(cfg.trainer))
    require_possible(trainer, plain(cfg))
    require_depths(Rates(**cfg.rates), detector)
    earlier = so_far = None
    if resumed:
        require_state(resumed)
        require_same_options(resumed, plain(cfg), HydraConfig.get().overrides.task)
    if resumed and cfg.train:
        earlier, so_far = earlier_curves(resumed), earlier_best(best, resumed)
        require_unfinished(trainer, so_far, resumed.content, cfg.resume)

    rule = chosen_rule(cfg)
    augment = instantiate(cfg.augment)
    listing, faces, store = in_turn("faces", lambda: corpus_with_faces(cfg, augment.makes_fakes))
    options = {**cfg.loader, **cfg.sampling, **data_options(rule)}
    datamodule = ClipDataModule(listing.videos, store, detector.spec, augment, cfg.seed, **options)
    datamodule.require(Split.TRAIN, Split.VAL)
    coverage = {split: datamodule.coverage(split) for split in Split}
    data = data_card(cfg.data.name, listing, coverage, store, rule)
    log_setup(detector, data, augment)

    rest = rest_card(plain(cfg.model), detector, resumed.card.get("rest") if resumed else None)
    seen = resumed.card.get("quality") if resumed else None
    quality = quality_card(datamodule) if cfg.train and is_first() else seen  # the first process saves the card
    card = make_card(cfg, detector.spec, data, carried_recipe(faces), augment.distortions, rest, quality)
    if resumed:
        require_same(resumed, card)
    loss, optimizer, scheduler = (instantiate(cfg[name]) for name in ("loss", "optimizer", "scheduler"))
    task = DetectorTask(detector, loss, optimizer, scheduler, cfg.seed, card, Rates(**cfg.rates))
    speed_up(detector, compiled=cfg.compile, tf32=cfg.tf32)
    log_optimisation(plain(cfg))
    if augment.makes_fakes and cfg.train and is_first():
        write_blends(datamodule, folder / "sbi.png")
    meet("ready")
    labels = {name: plain(cfg)[name] for name in ("tags", "notes")}
    bare = start_loggers(cfg.logger, run_id.run_id, sweep_folder())
    if trainer.is_global_zero:
        carry_curves(bare, earlier)
    loggers = [GuardedLogger(logger) for logger in bare]
    with (
        stoppable(lambda: stop_message(trainer, folder, sweep_folder()) if cfg.train else START_AGAIN),
        closing(loggers),
    ):
        for logger in loggers:
            logger.log_hyperparams({**plain(cfg), "num_parameters": num_parameters(detector), "trained_on": data})
        trainer.loggers = list(loggers)
        if resumed and so_far:
            carry_best(best, resumed, so_far)
        if cfg.train:
            fit(trainer, task, datamodule, cfg.resume)
            require_trained(best, plain(cfg.trainer), cfg.resume)
        measured = best.best_model_path if cfg.train else cfg.resume
        measure(trainer, task, datamodule, measured, cfg.test)
        data = {
            **data,
            "coverage": {str(split): counts for split, counts in scored_coverage(task, datamodule, cfg.test).items()},
        }
        facts = {
            "model": model_name(plain(cfg.model)),
            "seed": cfg.seed,
            "scoring": rule_card(rule),
            **labels,
            "overrides": options_of(HydraConfig.get().overrides.task),
            "made_with": provenance(trainer.strategy.root_device, begun),
        }
        if trainer.is_global_zero:
            tested = listing.of(Split.TEST)
            write_results(folder, task.measured, data, facts, Path(measured), loggers, store, tested)
    return task.measured["val/video/auc"]


def corpus_with_faces(cfg: DictConfig, makes_fakes: bool) -> tuple[Listing, Mapping[str, Any], FaceStore]:
    """Return the corpus, the settled recipe of its faces, and the completed store that holds them."""
    listing = list_corpus(instantiate(cfg.data.corpus), cfg.data)
    require_trainable(listing, makes_fakes=makes_fakes)
    if makes_fakes:
        listing = without_train_fakes(listing)
        log.info(listing.notes[-1])
    faces = with_weights(settled(plain(cfg.faces), Path(cfg.paths.weights_dir)))
    check_margin(cfg.model.margin, faces["margin"])  # before hours of extraction
    return listing, faces, audited_store(cfg, faces, listing)


def audited_store(cfg: DictConfig, faces: Mapping[str, Any], listing: Listing) -> FaceStore:
    """Extract the faces of all videos by a settled recipe, and stop if two splits share a video.

    Raises:
        CorpusError: the splits leak.
    """
    audit(listing.videos).require_disjoint(listing.protocol)  # compares names only, before hours of extraction
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    complete_store(listing.videos, store, faces, ExtractOptions(device=cfg.device, **cfg.extract))
    found = audit(listing.videos, file_digests(store, listing.videos))
    found.require_disjoint(listing.protocol)
    for overlap in found.overlaps:
        log.info("%s: %s", listing.protocol, overlap)
    return store


def sweep_folder() -> Path | None:
    """Return the folder of the sweep that this run is a job of; None if it is no job of a sweep."""
    hydra = HydraConfig.get()
    return Path(hydra.sweep.dir) if hydra.mode is RunMode.MULTIRUN else None


def num_parameters(detector: Detector, *, trained: bool = False) -> int:
    """Count a detector's parameters, or only those that train."""
    return sum(each.numel() for each in detector.parameters() if each.requires_grad or not trained)


def log_setup(detector: Detector, data: Mapping[str, Any], augment: Augmentation) -> None:
    """Log the detector, the data, how many videos have a face, and what distorts training clips."""
    size, trained = num_parameters(detector), num_parameters(detector, trained=True)
    spec = detector.spec
    clips = "single frames" if spec.clip_length == 1 else f"clips of {spec.clip_length} frames"
    clips += " as 2 x 2 pictures" if detector.layout == "thumbnail" else ""
    log.info("detector: %s parameters; %s of %d px, margin %g", f"{size:,}", clips, spec.size, spec.margin)
    if trained < size:
        log.info("of these, %s train (%.2f %%)", f"{trained:,}", 100 * trained / size)
    log.info("data: %s, protocol %s, fingerprint %s", *(data[k] for k in ("corpus", "protocol", "fingerprint")))
    log.info("with a face: %s", covered(data["coverage"]))
    log.info("training clips are distorted by: %s", ", ".join(augment.distortions) or "nothing")
