"""Train and test one detector: config in, a complete run folder out. Reads from top to bottom."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake.corpora.audit import audit
from deepfake.corpora.corpus import Listing
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError
from deepfake.models.detector import Detector
from deepfake.run.checkpoint import make_card
from deepfake.run.entry import entry_point
from deepfake.run.faces import describe, extract_faces, face_store, list_corpus, only_main_track, plain, sources
from deepfake.run.model import build_model
from deepfake.run.results import leave
from deepfake.run.resume import carry_best, require_same
from deepfake.schema import Split
from deepfake.store import FaceStore
from deepfake.task import DetectorTask

log = logging.getLogger(__name__)


@entry_point
def train(cfg: DictConfig) -> float:
    """Run the whole path.

    Returns:
        The best epoch's AUC on val videos, for a sweeper to maximise.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    folder = Path(cfg.paths.output_dir)
    detector = build_model(cfg.model)
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    if cfg.resume is not None:
        carry_best(callbacks["best"], Path(cfg.resume))

    options = {**cfg.loader, "main_track": only_main_track(cfg.data)}
    listing = list_corpus(cfg.data)
    store = complete_store(cfg, listing)
    datamodule = ClipDataModule(listing.videos, store, detector.spec, instantiate(cfg.augment), cfg.seed, **options)
    datamodule.require(Split.TRAIN, Split.VAL)
    data = describe(cfg.data.name, listing, {split: datamodule.coverage(split) for split in Split})
    say(detector, data)

    card = make_card(cfg, detector.spec, data)
    if cfg.resume is not None:
        require_same(Path(cfg.resume), card)
    task = DetectorTask(
        detector,
        instantiate(cfg.loss),
        instantiate(cfg.optimizer),
        instantiate(cfg.scheduler),
        cfg.seed,
        card,
    )
    loggers = [instantiate(logger) for logger in cfg.logger.values()]
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=list(callbacks.values()), logger=loggers)
    for logger in loggers:
        logger.log_hyperparams(plain(cfg))

    trainer.fit(task, datamodule, ckpt_path=cfg.resume, weights_only=True)
    best = folder / "checkpoints" / "best.ckpt"
    if not best.exists():
        raise ConfigError(f"no epoch was trained: trainer.max_epochs={cfg.trainer.max_epochs}, resume={cfg.resume}")
    trainer.loggers = []  # the curves have this epoch already
    trainer.validate(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)
    trainer.loggers = loggers
    if datamodule.datasets[Split.TEST]:
        trainer.test(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)
    if trainer.is_global_zero:
        leave(folder, task.measured, data, cfg.seed, best, loggers, store)
    return task.measured["val/video/auc"]


def complete_store(cfg: DictConfig, listing: Listing) -> FaceStore:
    """The faces of all videos, and no two splits that share one.

    Raises:
        CorpusError: the splits leak.
    """
    faces = plain(cfg.faces)
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    ids = [video.video_id for video in listing.videos]
    extract_faces(*sources(listing.videos), store, faces, cfg.extract)
    found = audit(listing.videos, {str(k): str(v) for k, v in store.rows(ids)["digest"].items() if v})
    found.require_disjoint(listing.protocol)
    for overlap in found.overlaps:
        log.info("%s: %s", listing.protocol, overlap)
    return store


def say(detector: Detector, data: Mapping[str, Any]) -> None:
    """What is trained, and on what."""
    size = sum(parameter.numel() for parameter in detector.parameters())
    spec = detector.spec
    log.info("%s parameters; %d x %d px, margin %g", f"{size:,}", spec.clip_length, spec.size, spec.margin)
    counts = ", ".join(f"{split} {row['scored']} of {row['videos']}" for split, row in data["coverage"].items())
    log.info(
        "%s, protocol %s, fingerprint %s; videos with a face: %s",
        *(data[k] for k in ("corpus", "protocol", "fingerprint")),
        counts,
    )
