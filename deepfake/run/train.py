"""Train and test one detector: config in, a complete run folder out. Reads from top to bottom."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.callbacks import ModelCheckpoint

from deepfake.corpora.audit import audit
from deepfake.corpora.corpus import Listing
from deepfake.corpora.splits import fingerprint
from deepfake.data.datamodule import ClipDataModule
from deepfake.loggers.wandb import finish, log_results
from deepfake.report.plots import roc_figure, save, score_figure
from deepfake.report.tables import show_metrics, show_paths
from deepfake.run.checkpoint import make_card, read_checkpoint
from deepfake.run.entry import entry_point
from deepfake.run.faces import extract_faces, face_store, list_corpus, plain
from deepfake.schema import Split
from deepfake.store import FaceStore, write_atomic
from deepfake.task import DetectorTask

log = logging.getLogger(__name__)
KEY = "val/video/auc"  # what the best epoch and the best job of a sweep are chosen by; nothing is chosen on test


@entry_point
def train(cfg: DictConfig) -> float:
    """Run the whole path.

    Returns:
        The best epoch's AUC on val videos, for a sweeper to maximise.
    """
    if cfg.resume is not None:
        read_checkpoint(cfg.resume)
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    detector = instantiate(cfg.model)

    listing = list_corpus(cfg.data)
    faces = plain(cfg.faces)
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    extract_faces({video.video_id: video.path for video in listing.videos}, store, faces, cfg.extract)
    digests = {str(video_id): str(digest) for video_id, digest in store.videos()["digest"].items()}
    audit(listing.videos, digests).require_disjoint(listing.protocol)

    augment = instantiate(cfg.augment)
    datamodule = ClipDataModule(listing.videos, store, detector.spec, augment, cfg.seed, **cfg.loader)
    datamodule.require(Split.TRAIN, Split.VAL)
    data = describe(cfg.data.name, listing, datamodule)
    task = DetectorTask(
        detector,
        instantiate(cfg.loss),
        instantiate(cfg.optimizer),
        instantiate(cfg.scheduler),
        cfg.seed,
        make_card(cfg, detector.spec, data),
    )
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    loggers = [instantiate(logger) for logger in cfg.logger.values()]
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=list(callbacks.values()), logger=loggers)
    for logger in loggers:
        logger.log_hyperparams(plain(cfg))

    trainer.fit(task, datamodule, ckpt_path=cfg.resume, weights_only=True)
    best = callbacks["best"]
    trainer.test(task, datamodule, ckpt_path=best.best_model_path, weights_only=True, verbose=False)
    if trainer.is_global_zero:
        leave(Path(cfg.paths.output_dir), cfg, trainer, best, data, store)
    return float(best.best_model_score)


def describe(corpus: str, listing: Listing, datamodule: ClipDataModule) -> dict[str, Any]:
    """What the numbers were measured on: protocol, counts and fingerprint, so that two can be told comparable or not."""
    return {
        "corpus": corpus,
        "protocol": listing.protocol,
        "fingerprint": fingerprint(listing.videos),
        "num_missing": len(listing.missing),
        "num_dropped": listing.num_dropped,
        "coverage": {str(split): datamodule.coverage(split) for split in Split},
    }


def leave(
    folder: Path, cfg: DictConfig, trainer: pl.Trainer, best: ModelCheckpoint, data: Mapping[str, Any], store: FaceStore
) -> None:
    """Write what a run leaves beside its checkpoints, log it, and show where it is."""
    metrics = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("test/")}
    metrics[KEY] = float(best.best_model_score)
    coverage = data["coverage"]["test"]
    metrics["test/video/coverage"] = coverage["scored"] / max(1, coverage["videos"])
    content = {
        "metrics": metrics,
        "data": data,
        "model": HydraConfig.get().runtime.choices["model"],
        "seed": cfg.seed,
        "best": best.best_model_path,
    }
    write_atomic(folder / "metrics.json", json.dumps(content, indent=2).encode())

    clips = pd.read_csv(folder / "predictions.csv", dtype={"video_id": str})
    videos = test_videos(clips, store)
    pictures = {}
    if videos["label"].nunique() == 2:
        pictures = {"test/roc": save(roc_figure(videos), folder / "roc.png")}
        pictures["test/scores"] = save(score_figure(videos), folder / "scores.png")
    log_results(trainer.loggers, pictures, videos)

    show_metrics(metrics, "test")
    log.info("%d of %d test videos have a face; best epoch by %s: %.4f", coverage["scored"], coverage["videos"], KEY, metrics[KEY])
    paths = {"run": folder, "best": best.best_model_path, "metrics": folder / "metrics.json", **pictures}
    show_paths({k.removeprefix("test/"): v for k, v in paths.items()})
    if line := finish(trainer.loggers):
        show_paths({"wandb": line})


def test_videos(clips: pd.DataFrame, store: FaceStore) -> pd.DataFrame:
    """One row a video: its score is the mean of its clips', its face the first frame of the first.

    Args:
        clips: as in `predictions.csv`.
        store: holds the crops.
    """
    by_video = clips.groupby("video_id", sort=True)
    table = by_video.agg(label=("label", "first"), method=("method", "first"), score=("score", "mean")).reset_index()
    first = by_video.first()
    faces = [str(store.image_path(v, int(first.at[v, "track"]), int(first.at[v, "start"]))) for v in table["video_id"]]
    return table.assign(face=faces)
