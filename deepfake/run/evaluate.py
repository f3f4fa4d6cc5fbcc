"""Tests a checkpoint on one split of a corpus, with the input size and the recipe of faces that it was trained with."""

from pathlib import Path

import pandas as pd
from hydra.utils import instantiate
from omegaconf import DictConfig

from deepfake import null_audit
from deepfake.atomic import write_atomic
from deepfake.callbacks.predictions import COLUMNS
from deepfake.checkpoints import build_detector, read_checkpoint
from deepfake.checkpoints.data_card import (
    compare_content,
    compare_listing,
    data_card,
    require_fingerprint,
)
from deepfake.checkpoints.faces import faces_of
from deepfake.checkpoints.scoring_rule import CLIPS, MAIN_FACE, TRACKS, data_options, rule_card, settled_rule
from deepfake.command.entry import entry_point
from deepfake.config.model_name import model_name
from deepfake.corpora import Listing
from deepfake.corpora.fitness import data_caption, require_testable
from deepfake.corpora.listing import list_corpus
from deepfake.data.augment import NoAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.device import pick_device
from deepfake.errors import CorpusError
from deepfake.extraction.completion import complete_store, face_store
from deepfake.extraction.options import ExtractOptions
from deepfake.report.plots import Subject
from deepfake.report.provenance import begin, provenance
from deepfake.report.results import covered, draw_pictures, write_metrics
from deepfake.report.tables import show_metrics, show_paths
from deepfake.schema import Split, Video
from deepfake.scoring import score_clips, score_levels


@entry_point
def evaluate(cfg: DictConfig) -> None:
    """Score `cfg.split` of `cfg.data` with the detector of `cfg.checkpoint`, and write its metrics and pictures."""
    begun, checkpoint = begin(), read_checkpoint(cfg.checkpoint)
    detector = build_detector(checkpoint, cfg.backbone_weights)
    split, folder = Split(cfg.split), Path(cfg.paths.output_dir)
    given = {CLIPS: cfg.sampling.eval_clips_per_track, TRACKS: cfg.data.tracks, MAIN_FACE: cfg.data.main_face}
    rule, other_rule = settled_rule(checkpoint.card, given, checkpoint.path)
    listing = list_corpus(instantiate(cfg.data.corpus), cfg.data)
    require_fingerprint(cfg.expect_fingerprint, cfg.data.name, listing)
    compare_listing(checkpoint.card["data"], cfg.data.name, listing)
    require_testable(listing, split)
    audits = cfg.audit != "none"
    if audits:
        null_audit.require_null_audit(listing, split)

    faces, differing = faces_of(checkpoint, cfg.get("faces"), Path(cfg.paths.weights_dir))
    store = face_store(faces, Path(cfg.paths.faces_dir) / cfg.data.name)
    videos = [video for video in listing.videos if video.split == split]
    train = [video for video in listing.videos if audits and video.split is Split.TRAIN]
    needed = train + videos
    complete_store(needed + reals_of(needed, listing), store, faces, ExtractOptions(device=cfg.device, **cfg.extract))
    options = {**cfg.loader, **data_options(rule)}
    datamodule = ClipDataModule(videos, store, detector.spec, NoAugmentation(), 0, **options)
    dataset, coverage = datamodule.datasets[split], {split: datamodule.coverage(split)}
    if not dataset:
        raise CorpusError(f"no {split} video of {cfg.data.name} has a clip, so none can be scored: {coverage[split]}")

    loading = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
    scores = score_clips(detector, dataset, **loading, device=pick_device(cfg.device))
    table = dataset.clips.frame().assign(score=scores)[COLUMNS]
    write_atomic(folder / "predictions.csv", table.to_csv(index=False).encode())
    data = data_card(cfg.data.name, listing, coverage, store, rule)
    compare_content(checkpoint.card["data"], data)
    trained = {"checkpoint": str(checkpoint.path), "trained_on": checkpoint.card["data"]}
    facts = {
        **trained,
        "scoring": rule_card(rule),
        "scoring_unlike_checkpoint": other_rule,
        "faces_unlike_checkpoint": differing,
        "made_with": provenance(pick_device(cfg.device), begun),
    }
    findings = null_audit.find_shortcuts(train, videos, table, store, rule.main_face) if audits else None
    if findings:
        facts["null_audit"] = findings.facts()
    metrics = metrics_of(table, split)
    paths = {"metrics": write_metrics(folder, metrics, data, facts), "predictions": folder / "predictions.csv"}
    coverage = data["coverage"]
    show_metrics(metrics, coverage, covered(coverage), data_caption(data, checkpoint.card["data"]))
    if findings:
        null_audit.show_findings(findings, split)
        paths["null audit"] = null_audit.write_findings(folder, findings)
    model = f"{model_name(checkpoint.card['model'])}, trained on {checkpoint.card['data']['corpus']}"
    show_paths({"run": folder, **paths, **draw_pictures(folder, Subject(cfg.data.name, split, model))[0]})


def reals_of(fakes: list[Video], listing: Listing) -> list[Video]:
    """Return the reals of some fakes, which extraction needs so that a fake's faces are the same in every store."""
    wanted = {video.real_id for video in fakes} - {video.video_id for video in fakes}
    return [video for video in listing.videos if video.video_id in wanted]


def metrics_of(clips: pd.DataFrame, split: Split) -> dict[str, float]:
    """Compute every metric at both levels, `<split>/<level>/<name>` -> value.

    Args:
        clips: one row for each clip, as in `predictions.csv`.
        split: the split they belong to.
    """
    video = pd.factorize(clips["video_id"])[0]
    columns = (clips[name].to_numpy() for name in ("track", "label", "score"))
    return {f"{split}/{name}": value for name, value in score_levels(video, *columns).items()}
