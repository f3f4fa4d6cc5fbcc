"""Train and test one detector: config in, a complete run folder out. Reads from top to bottom."""

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.environments import SLURMEnvironment
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from deepfake.callbacks.run_id import RunId
from deepfake.callbacks.whole_checkpoints import WholeCheckpoints
from deepfake.corpora.audit import audit
from deepfake.corpora.corpus import Listing
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError
from deepfake.loggers.guard import GuardedLogger
from deepfake.loggers.wandb import closing
from deepfake.models.detector import Detector
from deepfake.run.checkpoint import make_card, read_checkpoint
from deepfake.run.curves import carry_curves, earlier_curves
from deepfake.run.entry import entry_point
from deepfake.run.epochs import best_of, require_epochs, require_monitors, require_rest, scored
from deepfake.run.face_recipe import carried_recipe, settled, with_weights
from deepfake.run.faces import complete_store, describe, face_store, list_corpus, plain
from deepfake.run.fitness import require_trainable
from deepfake.run.model import build_model
from deepfake.run.model_name import model_name
from deepfake.run.results import covered, leave
from deepfake.run.resume import (
    carry_best,
    earlier_best,
    how_to_go_on,
    require_same,
    require_same_options,
    require_state,
)
from deepfake.run.scoring_rule import chosen_rule, data_options, rule_card
from deepfake.run.stopping import left_to, stoppable
from deepfake.run.together import in_turn, meet, size, together
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
    with together():
        return _train(cfg)


def _train(cfg: DictConfig) -> float:
    folder = Path(cfg.paths.output_dir)
    resumed = None if cfg.resume is None else read_checkpoint(cfg.resume)
    detector = in_turn("model", lambda: build_model(cfg.model, resumed))
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    best, run_id = best_of(callbacks), RunId.of({} if resumed is None else resumed.content)
    require_monitors(callbacks)
    trainer = build_trainer(cfg.trainer, [*callbacks.values(), run_id], folder / "checkpoints")
    require_epochs(trainer, plain(cfg.trainer))
    earlier = so_far = None
    if resumed:
        require_state(resumed)
        require_same_options(resumed, plain(cfg), HydraConfig.get().overrides.task)
        earlier, so_far = earlier_curves(resumed), earlier_best(best, resumed)
        require_rest(trainer, so_far, resumed.content, cfg.resume)

    rule = chosen_rule(cfg)
    listing, faces, store = in_turn("faces", lambda: corpus_with_faces(cfg))
    options = {**cfg.loader, **data_options(rule)}
    datamodule = ClipDataModule(listing.videos, store, detector.spec, instantiate(cfg.augment), cfg.seed, **options)
    datamodule.require(Split.TRAIN, Split.VAL)
    data = describe(cfg.data, listing, {split: datamodule.coverage(split) for split in Split}, store, rule)
    say(detector, data)

    card = make_card(cfg, detector.spec, data, carried_recipe(faces))
    if resumed:
        require_same(resumed, card)
    loss, optimizer, scheduler = (instantiate(cfg[name]) for name in ("loss", "optimizer", "scheduler"))
    task = DetectorTask(detector, loss, optimizer, scheduler, cfg.seed, card)
    meet("ready")
    bare = start_loggers(cfg.logger, run_id.run_id)
    if trainer.is_global_zero:
        carry_curves(bare, earlier)
    loggers = [GuardedLogger(logger) for logger in bare]
    with stoppable(lambda: how_to_go_on(trainer, folder)), closing(loggers):
        for logger in loggers:
            logger.log_hyperparams(plain(cfg))
        trainer.loggers = list(loggers)
        if resumed and so_far:
            carry_best(best, resumed, so_far)
        fit(trainer, task, datamodule, cfg.resume)
        if not best.best_model_path:
            limits = {name: plain(cfg.trainer).get(name) for name in ("max_epochs", "max_steps", "max_time")}
            said = [f"trainer.{name}={value}" for name, value in limits.items() if value is not None]
            raise ConfigError(f"no epoch was trained to its end: {', '.join(said)}, resume={cfg.resume}")
        measure(trainer, task, datamodule, best.best_model_path)
        data = {**data, "coverage": {str(split): counts for split, counts in scored(task, datamodule).items()}}
        facts = {"model": model_name(plain(cfg.model)), "seed": cfg.seed, "scoring": rule_card(rule)}
        if trainer.is_global_zero:
            leave(folder, task.measured, data, facts, Path(best.best_model_path), loggers, store)
    return task.measured["val/video/auc"]


def corpus_with_faces(cfg: DictConfig) -> tuple[Listing, Mapping[str, Any], FaceStore]:
    """The corpus, the settled recipe of its faces, and the store that holds them."""
    listing = list_corpus(cfg.data)
    require_trainable(listing)
    faces = with_weights(settled(plain(cfg.faces), Path(cfg.paths.weights_dir)))
    return listing, faces, audited_store(cfg, faces, listing)


def start_loggers(options: DictConfig, run_id: str) -> list[Logger]:
    """The loggers, those that know runs by an id under that of this run, unless another was asked for."""
    own = {name: {"run_id": run_id} if node.get("run_id", "") is None else {} for name, node in options.items()}
    return [instantiate(node, **own[name]) for name, node in options.items()]


def build_trainer(options: DictConfig, callbacks: list[pl.Callback], folder: Path) -> pl.Trainer:
    """The trainer, without loggers; before hours of extraction, so that a missing GPU is said at once.

    Args:
        options: the config group `trainer`.
        callbacks: of the run.
        folder: where Lightning saves on Slurm before a job's time is over. It would take the working folder, and every
            run that begins there takes up what it finds.

    Raises:
        ConfigError: this machine or Lightning cannot do what `trainer` asks for.
    """
    if "default_root_dir" in options:
        raise ConfigError("trainer.default_root_dir is the folder of the run: choose that, hydra.run.dir=FOLDER")
    own = {"callbacks": callbacks, "logger": False, "plugins": [WholeCheckpoints()], "default_root_dir": str(folder)}
    try:
        trainer: pl.Trainer = instantiate(options, **own)
    except InstantiationException as error:
        if isinstance(error.__cause__, MisconfigurationException):
            raise ConfigError(f"trainer: {error.__cause__} Try trainer=cpu or trainer=auto.") from error
        if size() > 1:  # of what Slurm or torchrun has set Lightning says by errors of any kind that it does not fit
            raise ConfigError(f"trainer: {error.__cause__ or error}") from error
        raise
    wanted = trainer.num_devices * trainer.num_nodes
    if size() not in (1, wanted):
        raise ConfigError(
            f"{size()} processes were started for this run, and the trainer is for {wanted}: give trainer=ddp with "
            f"trainer.devices and trainer.num_nodes that make {size()}, or start one process"
        )
    return trainer


def fit(trainer: pl.Trainer, task: DetectorTask, datamodule: ClipDataModule, resume: str | None) -> None:
    """Train.

    Raises:
        ConfigError: options of `trainer` do not fit the data, as Lightning finds when it sees both.
    """
    slurm = SLURMEnvironment.detect()
    try:
        with left_to(lambda: trainer.received_sigterm) if slurm else nullcontext():
            trainer.fit(task, datamodule, ckpt_path=resume, weights_only=True)
    except MisconfigurationException as error:
        raise ConfigError(f"trainer: {error}") from error


def measure(trainer: pl.Trainer, task: DetectorTask, datamodule: ClipDataModule, best: str) -> None:
    """Val and, once, test numbers of the best epoch, into `task.measured`."""
    loggers, trainer.loggers = trainer.loggers, []  # the curves have this epoch already
    trainer.validate(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)
    trainer.loggers = loggers
    if datamodule.datasets[Split.TEST]:
        trainer.test(task, datamodule, ckpt_path=best, weights_only=True, verbose=False)


def audited_store(cfg: DictConfig, faces: Mapping[str, Any], listing: Listing) -> FaceStore:
    """The faces of all videos by a settled recipe, and no two splits that share one.

    Raises:
        CorpusError: the splits leak.
    """
    audit(listing.videos).require_disjoint(listing.protocol)  # by names, before hours of work
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    complete_store(listing.videos, store, faces, cfg.extract)
    ids = [video.video_id for video in listing.videos]
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
    log.info(
        "%s, protocol %s, fingerprint %s; videos with a face: %s",
        *(data[k] for k in ("corpus", "protocol", "fingerprint")),
        covered(data["coverage"]),
    )
