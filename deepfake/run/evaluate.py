"""Tests a checkpoint on one split of a corpus, with the input size and the recipe of faces that it was trained with.

With `predictions=`, a table of scores is measured instead; see `deepfake.run.evaluate_table`.
"""

import logging
from dataclasses import replace
from functools import partial
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
    file_digests,
    require_fingerprint,
)
from deepfake.checkpoints.faces import faces_of
from deepfake.checkpoints.scoring_rule import (
    AGGREGATE,
    CARRIED,
    CLIPS,
    MAIN_FACE,
    TRACKS,
    Differences,
    data_options,
    rule_card,
    settled_rule,
)
from deepfake.command.entry import entry_point
from deepfake.command.idle import refuse_idle
from deepfake.config.model_name import model_name
from deepfake.corpora import Listing
from deepfake.corpora.audit import audit
from deepfake.corpora.fitness import data_caption, require_testable
from deepfake.corpora.listing import list_corpus
from deepfake.data.augment import NoAugmentation
from deepfake.data.datamodule import ClipDataModule
from deepfake.device import pick_device
from deepfake.distort.choice import chosen_distortions
from deepfake.errors import ConfigError, CorpusError
from deepfake.evaluation import (
    BEST,
    best_aggregate,
    compare_aggregates,
    evaluate_scores,
    refuse_val,
    require_both_classes,
    require_coverage,
    show_numbers,
    with_people,
    with_unscored,
    write_aggregates,
)
from deepfake.extraction.completion import complete_store, face_store
from deepfake.extraction.distorted import CleanStore
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.distorted import DistortFaces
from deepfake.faces.server import start_early
from deepfake.models.detector import Detector
from deepfake.ranges import Aggregate
from deepfake.report.plots import Subject
from deepfake.report.provenance import begin, provenance
from deepfake.report.results import covered, draw_videos, write_metrics
from deepfake.report.tables import show_paths
from deepfake.robustness import Scored, score_distorted, summary, write_robustness
from deepfake.run.evaluate_table import OF_TABLES, evaluate_table
from deepfake.schema import Split, Video
from deepfake.scoring import ScoringRule, score_clips, score_levels
from deepfake.store import FaceStore

log = logging.getLogger(__name__)


@entry_point
def evaluate(cfg: DictConfig) -> None:
    """Score `cfg.split` of `cfg.data` with the detector of `cfg.checkpoint`, or measure `cfg.predictions`."""
    if (cfg.checkpoint is None) == (cfg.predictions is None):
        raise ConfigError("give either checkpoint=, to test a detector, or predictions=, to measure a table of scores")
    if cfg.predictions is not None:
        evaluate_table(cfg)
    else:
        refuse_idle(beside="checkpoint", idle=OF_TABLES)
        evaluate_checkpoint(cfg)


def evaluate_checkpoint(cfg: DictConfig) -> None:
    """Score videos, and write the numbers, the pictures, and what else was asked for."""
    distortions = chosen_distortions(cfg.distort, cfg.level, cfg.reencode, cfg.seed)
    if distortions:
        if cfg.missing != "exclude":
            raise ConfigError(
                f"missing={cfg.missing} has no effect on distorted frames, whose videos without a score are left out: "
                "leave out missing, or distort"
            )
        start_early(DistortFaces.__module__)  # workers of every distortion are forked from what has imported it
    split, folder = Split(cfg.split), Path(cfg.paths.output_dir)
    choosing = cfg.aggregate == BEST
    if choosing:
        refuse_val(split)
    begun, checkpoint = begin(), read_checkpoint(cfg.checkpoint)
    detector = build_detector(checkpoint, cfg.backbone_weights)
    given = {CLIPS: cfg.sampling.eval_clips_per_track, TRACKS: cfg.data.tracks, MAIN_FACE: cfg.data.main_face}
    given[AGGREGATE] = CARRIED if choosing else cfg.aggregate
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
    of_val = [video for video in listing.videos if choosing and video.split is Split.VAL]
    if choosing:
        audit([*of_val, *videos]).require_disjoint(listing.protocol)  # compares names only, before hours of extraction
        require_both_classes(video.label for video in of_val)
    extracting = ExtractOptions(device=cfg.device, **cfg.extract)
    needed = [*train, *of_val, *videos]
    complete_store([*needed, *reals_of(needed, listing)], store, faces, extracting)
    scored_val, own = None, rule.aggregate
    if choosing:
        audit([*of_val, *videos], file_digests(store, [*of_val, *videos])).require_disjoint(listing.protocol)
        scored_val = _scored(store, cfg=cfg, detector=detector, rule=rule, videos=of_val, split=Split.VAL)
        require_both_classes(scored_val.clips["label"])
        rule, other_rule = _chosen(scored_val, rule, other_rule)
    score = partial(_scored, cfg=cfg, detector=detector, rule=rule, videos=videos, split=split)
    clean = score(store)
    write_atomic(folder / "predictions.csv", clean.clips.to_csv(index=False).encode())
    data = data_card(cfg.data.name, listing, {split: clean.coverage}, store, rule)
    compare_content(checkpoint.card["data"], data)

    clips, people = with_people(with_unscored(clean.clips, videos), videos)
    outcome = evaluate_scores(clips, cfg.missing, cfg.seed, people, rule.aggregate)
    captions = covered(data["coverage"]), data_caption(data, checkpoint.card["data"])
    show_numbers(outcome.numbers, *captions, outcome.caption())
    model = f"{model_name(checkpoint.card['model'])}, trained on {checkpoint.card['data']['corpus']}"
    subject = Subject(cfg.data.name, split, model)
    paths = {"predictions": folder / "predictions.csv", **outcome.write(folder)}
    paths |= draw_videos(folder, subject, outcome.drawn)
    facts = {
        "checkpoint": str(checkpoint.path),
        "trained_on": checkpoint.card["data"],
        "scoring": rule_card(rule),
        "scoring_unlike_checkpoint": other_rule,
        "faces_unlike_checkpoint": differing,
        **outcome.facts(),
    }
    if scored_val:
        facts["chosen_on_val"] = {"aggregate": rule.aggregate, "coverage": scored_val.coverage}
        compared = {Split.VAL: scored_val.clips, split: clean.clips}
        paths["aggregation"] = write_aggregates(folder, compared, cfg.data.name, chosen=rule.aggregate, own=own)
    if audits:
        findings = null_audit.find_shortcuts(train, videos, clean.clips, store, rule.main_face, rule.aggregate)
        facts["null_audit"] = findings.facts()
        null_audit.show_findings(findings, split)
        paths["null audit"] = null_audit.write_findings(folder, findings)
    if distortions:
        clean_store = CleanStore(store, videos, faces, extracting)
        table = score_distorted(distortions, clean_store, clean, score, folder, checkpoint.card.get("distortions"))
        facts["robustness"] = {"seed": cfg.seed, "reencode": cfg.reencode, **summary(table)}
        drawn_by = f"seed={cfg.seed}, reencode={cfg.reencode}"
        paths |= write_robustness(table, clean.clips, subject, folder, drawn_by, *captions)
    facts["made_with"] = provenance(pick_device(cfg.device), begun)
    show_paths({"run": folder, "metrics": write_metrics(folder, outcome.metrics(split), data, facts), **paths})


def _chosen(scored_val: Scored, rule: ScoringRule, differences: Differences) -> tuple[ScoringRule, Differences]:
    """Return the rule with the aggregate that is best on val, and the differences from the checkpoint's rule."""
    table = compare_aggregates({Split.VAL: scored_val.clips}, rule.aggregate)
    chosen = best_aggregate(table)
    if chosen != rule.aggregate:
        log.info("aggregate=best is %s, by the videos of val; in the checkpoint it is %s", chosen, rule.aggregate)
        differences = {**differences, AGGREGATE: {"here": chosen, "checkpoint": rule.aggregate}}
    return replace(rule, aggregate=chosen), differences


def _scored(
    store: FaceStore, *, cfg: DictConfig, detector: Detector, rule: ScoringRule, videos: list[Video], split: Split
) -> Scored:
    """Score the clips of the videos of one split, as their faces are in a store.

    Raises:
        CorpusError: there is no clip.
    """
    options = {**cfg.loader, **data_options(rule)}
    datamodule = ClipDataModule(videos, store, detector.spec, NoAugmentation(), 0, **options)
    dataset, coverage = datamodule.datasets[split], datamodule.coverage(split)
    if not dataset:
        raise CorpusError(f"no {split} video of {cfg.data.name} has a clip, so none can be scored: {coverage}")
    require_coverage(coverage["scored"], coverage["videos"], cfg.min_coverage, f"the {split} split of {cfg.data.name}")
    loading = {"batch_size": cfg.loader.batch_size, "num_workers": cfg.loader.num_workers}
    scores = score_clips(detector, dataset, **loading, device=pick_device(cfg.device))
    clips = dataset.clips.frame().assign(score=scores)[COLUMNS]
    return Scored(clips, metrics_of(clips, rule.aggregate), coverage)


def reals_of(fakes: list[Video], listing: Listing) -> list[Video]:
    """Return the reals of some fakes, which extraction needs so that a fake's faces are the same in every store."""
    wanted = {video.real_id for video in fakes} - {video.video_id for video in fakes}
    return [video for video in listing.videos if video.video_id in wanted]


def metrics_of(clips: pd.DataFrame, aggregate: Aggregate = "mean") -> dict[str, float]:
    """Compute every metric at both levels, `<level>/<name>` -> value.

    Args:
        clips: one row for each clip, as in `predictions.csv`.
        aggregate: how a track's clips become one score.
    """
    video = pd.factorize(clips["video_id"])[0]
    track, label, score = (clips[name].to_numpy() for name in ("track", "label", "score"))
    return score_levels(video, track, label, score, aggregate)
