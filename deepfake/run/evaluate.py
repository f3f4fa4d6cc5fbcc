"""Test a checkpoint on a corpus: its own input, its own recipe of faces, one split, and the numbers of a test."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.callbacks.predictions import COLUMNS
from deepfake.corpora.corpus import Listing
from deepfake.corpora.splits import fingerprint
from deepfake.data.augment import NoAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.errors import ConfigError, CorpusError
from deepfake.report.plots import Subject
from deepfake.report.tables import show_metrics, show_paths
from deepfake.run.checkpoint import build_detector, read_checkpoint
from deepfake.run.checkpoint_faces import faces_of
from deepfake.run.entry import entry_point
from deepfake.run.faces import complete_store, describe, face_store, list_corpus, pick_device
from deepfake.run.fitness import data_caption, require_testable
from deepfake.run.model_name import model_name
from deepfake.run.results import draw, say_coverage, write_metrics
from deepfake.run.scoring_rule import CLIPS, MAIN_FACE, TRACKS, data_options, rule_card, settled_rule
from deepfake.schema import Split, Video
from deepfake.scoring import score_clips, score_levels

log = logging.getLogger(__name__)


@entry_point
def evaluate(cfg: DictConfig) -> None:
    """Score `cfg.split` of `cfg.data` with the detector of `cfg.checkpoint`."""
    checkpoint = read_checkpoint(cfg.checkpoint)
    detector = build_detector(checkpoint)
    split, folder = Split(cfg.split), Path(cfg.paths.output_dir)
    given = {CLIPS: cfg.loader.eval_clips_per_video, TRACKS: cfg.data.tracks, MAIN_FACE: cfg.data.main_face}
    rule, other_rule = settled_rule(checkpoint.card, given, checkpoint.path)
    listing = list_corpus(cfg.data)
    require_fingerprint(cfg.expect_fingerprint, cfg.data.name, listing)
    compare(checkpoint.card["data"], cfg.data.name, listing)
    require_testable(listing, split)

    faces, differing = faces_of(checkpoint, cfg.get("faces"), Path(cfg.paths.weights_dir))
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    videos = [video for video in listing.videos if video.split == split]
    complete_store(videos + reals_of(videos, listing), store, faces, cfg.extract)
    options = {**cfg.loader, **data_options(rule)}
    datamodule = ClipDataModule(videos, store, detector.spec, NoAugmentation(), 0, **options)
    dataset, coverage = datamodule.datasets[split], {split: datamodule.coverage(split)}
    if not dataset:
        raise CorpusError(f"no video of the {split} split of {cfg.data.name} has a clip: {coverage[split]}")

    how = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
    scores = score_clips(detector, dataset, **how, device=pick_device(cfg.extract.device))
    table = dataset.clips.frame().assign(score=scores)[COLUMNS]
    write_atomic(folder / "predictions.csv", table.to_csv(index=False).encode())
    data = describe(cfg.data, listing, coverage, store, rule)
    compare_content(checkpoint.card["data"], data)
    trained = {"checkpoint": str(checkpoint.path), "trained_on": checkpoint.card["data"]}
    facts = {
        **trained,
        "scoring": rule_card(rule),
        "scoring_unlike_checkpoint": other_rule,
        "faces_unlike_checkpoint": differing,
    }
    metrics = metrics_of(table, split)
    paths = {"metrics": write_metrics(folder, metrics, data, facts), "predictions": folder / "predictions.csv"}
    show_metrics(metrics, data_caption(data, checkpoint.card["data"]))
    say_coverage(data["coverage"])
    model = f"{model_name(checkpoint.card['model'])}, trained on {checkpoint.card['data']['corpus']}"
    show_paths({"run": folder, **paths, **draw(folder, [], store, Subject(cfg.data.name, split, model))})


def require_fingerprint(expected: Any, corpus: str, listing: Listing) -> None:
    """Stop unless the corpus's videos, labels and splits are those that were asked for; None asks for none.

    Raises:
        ConfigError: they are not.
    """
    here = fingerprint(listing.videos)
    if expected is not None and str(expected) != here:
        raise ConfigError(
            f"expect_fingerprint={expected}, and {corpus} has the fingerprint {here}, so other videos, labels or "
            f"splits: compare the output of scripts/inventory.py, or leave the option out"
        )


def compare(trained: Mapping[str, Any], corpus: str, listing: Listing) -> None:
    """Say how the data relates to what the checkpoint was trained on."""
    theirs = f"{trained['corpus']}, protocol {trained['protocol']}, fingerprint {trained['fingerprint']}"
    ours = f"{corpus}, protocol {listing.protocol}, fingerprint {fingerprint(listing.videos)}"
    if trained["corpus"] != corpus:
        log.info("cross-dataset: trained on %s; tested on %s", theirs, ours)
    elif trained["fingerprint"] == fingerprint(listing.videos):
        log.info("the videos, labels and splits of the training run: %s", ours)
    else:
        log.warning(
            "another fingerprint than in training: trained on %s; tested on %s. The numbers cannot be compared with "
            "those of the training run, and what is tested may have been trained on",
            theirs,
            ours,
        )


def compare_content(trained: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Warn where the videos have the names of those of the training run, and other contents.

    Args:
        trained: `data` of the checkpoint's card; one of before content was noted says nothing.
        data: that was tested.
    """
    known = trained.get("content", {})
    if trained["corpus"] != data["corpus"] or trained["fingerprint"] != data["fingerprint"]:
        return  # has been said
    for split, content in data["content"].items():
        if known.get(split, content) != content:
            log.warning(
                "the files of %s are others than those of the training run, under the same names (content %s, and %s "
                "then): the numbers cannot be compared with those of the training run",
                split,
                content,
                known[split],
            )


def reals_of(fakes: list[Video], listing: Listing) -> list[Video]:
    """The reals of some fakes that are not among them: a store holds the same faces of a fake whoever fills it."""
    wanted = {video.real_id for video in fakes} - {video.video_id for video in fakes}
    return [video for video in listing.videos if video.video_id in wanted]


def metrics_of(clips: pd.DataFrame, split: Split) -> dict[str, float]:
    """Every metric at both levels, `<split>/<level>/<name>`.

    Args:
        clips: as in `predictions.csv`.
    """
    video = pd.factorize(clips["video_id"])[0]
    columns = (clips[name].to_numpy() for name in ("track", "label", "score"))
    return {f"{split}/{name}": value for name, value in score_levels(video, *columns).items()}
