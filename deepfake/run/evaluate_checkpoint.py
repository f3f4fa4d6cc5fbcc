"""Tests one checkpoint on one split of a corpus, with the input and the recipe of faces that it was trained with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from deepfake import null_audit
from deepfake.atomic import write_atomic
from deepfake.checkpoints import UnderTest
from deepfake.checkpoints.data_card import compare_content, data_card
from deepfake.checkpoints.scoring_rule import AGGREGATE, rule_card
from deepfake.config.model_name import model_name
from deepfake.corpora.fitness import data_caption
from deepfake.device import pick_device
from deepfake.distort.choice import chosen_distortions
from deepfake.distort.distortion import Distortion
from deepfake.errors import ConfigError
from deepfake.evaluation import (
    BEST,
    Outcome,
    evaluate_scores,
    show_numbers,
    with_people,
    with_unscored,
    write_aggregates,
)
from deepfake.explain import BesideReal
from deepfake.extraction.distorted import CleanStore
from deepfake.faces.distorted import DistortFaces
from deepfake.faces.server import start_early
from deepfake.report.page import page_beside
from deepfake.report.provenance import begin, provenance
from deepfake.report.results import covered, draw_reliability, draw_videos, write_metrics
from deepfake.report.tables import show_paths
from deepfake.robustness import LevelAucs, Scored, score_distorted, summary, write_robustness
from deepfake.run.prepared_test import PreparedTest, prepare_test, with_best_aggregate
from deepfake.schema import Split, Video
from deepfake.scoring import ScoringRule

Facts = dict[str, Any]
Paths = dict[str, Path]


@dataclass(frozen=True, slots=True)
class Tested:
    """What is known of a checkpoint that was tested; its network and its store are not kept.

    Attributes:
        path: the checkpoint.
        rule: how videos were scored.
        faces: the recipe of the faces.
        videos: those of the split that was tested.
        under_test: what a calibration may not have been learnt on.
        clips: one row a clip, as in `predictions.csv`.
        outcome: what was measured.
    """

    path: Path
    rule: ScoringRule
    faces: dict[str, Any]
    videos: list[Video]
    under_test: UnderTest
    clips: pd.DataFrame
    outcome: Outcome


def evaluate_checkpoint(cfg: DictConfig, checkpoint: str, folder: Path) -> Tested:
    """Score videos, and write the numbers, the pictures, and what else was asked for.

    Args:
        cfg: the composed config of the command.
        checkpoint: the file.
        folder: where the results go.
    """
    begun, distortions = begin(), _distortions(cfg)
    test, scored_val = prepare_test(cfg, checkpoint), None
    own = test.rule.aggregate
    if cfg.aggregate == BEST:
        test, scored_val = with_best_aggregate(test)
    clean = test.score()
    write_atomic(folder / "predictions.csv", clean.clips.to_csv(index=False).encode())
    card = test.checkpoint.card
    data = data_card(cfg.data.name, test.listing, {test.split: clean.coverage}, test.store, test.rule)
    compare_content(card["data"], data)

    clips, people = with_people(with_unscored(clean.clips, test.videos), test.videos)
    calibrated = test.calibration
    learnt = calibrated.calibration if calibrated else None
    outcome = evaluate_scores(clips, cfg.missing, cfg.seed, people, test.rule.aggregate, learnt)
    captions = covered(data["coverage"]), data_caption(data, card["data"])
    show_numbers(outcome.numbers, *captions, outcome.caption(), calibrated.caption() if calibrated else "")
    paths = {"predictions": folder / "predictions.csv", **outcome.write(folder)}
    paths |= draw_videos(folder, test.subject, outcome.drawn, outcome.sure)
    facts = {**_facts(test), **outcome.facts()}
    if calibrated:
        prior = calibrated.calibration.prior
        paths |= draw_reliability(folder, test.subject, outcome.drawn, prior, outcome.believed)
        facts["calibration"] = calibrated.facts()
    if scored_val:
        facts["chosen_on_val"] = {AGGREGATE: test.rule.aggregate, "coverage": scored_val.coverage}
        compared = {Split.VAL: scored_val.clips, test.split: clean.clips}
        paths["aggregation"] = write_aggregates(folder, compared, cfg.data.name, chosen=test.rule.aggregate, own=own)
    if cfg.audit != "none":
        _audit(test, clean, folder, facts, paths)
    if distortions:
        _distort(distortions, test, clean, folder, captions, facts, paths)
    facts["made_with"] = provenance(pick_device(cfg.device), begun)
    metrics = write_metrics(folder, outcome.metrics(test.split), data, facts)
    page = page_beside(folder, test.store.image, BesideReal(test.store, test.videos))
    show_paths({"run": folder, **page, "metrics": metrics, **paths})
    return Tested(test.checkpoint.path, test.rule, test.faces, test.videos, test.under_test, clean.clips, outcome)


def _distortions(cfg: DictConfig) -> list[Distortion]:
    """Return what was asked for, and start what its workers are forked from."""
    distortions = chosen_distortions(cfg.distort, cfg.level, cfg.reencode, cfg.seed)
    if not distortions:
        return []
    if cfg.missing != "exclude":
        raise ConfigError(
            f"missing={cfg.missing} has no effect on distorted frames, whose videos without a score are left out: "
            "leave out missing, or distort"
        )
    start_early(DistortFaces.__module__)  # workers of every distortion are forked from what has imported it
    return distortions


def _facts(test: PreparedTest) -> Facts:
    """Return what `metrics.json` holds of the detector."""
    return {
        "model": model_name(test.checkpoint.card["model"]),
        "checkpoint": str(test.checkpoint.path),
        "trained_on": test.checkpoint.card["data"],
        "scoring": rule_card(test.rule),
        "scoring_unlike_checkpoint": test.other_rule,
        "faces_unlike_checkpoint": test.other_faces,
    }


def _audit(test: PreparedTest, clean: Scored, folder: Path, facts: Facts, paths: Paths) -> None:
    """Test a model that never looks at a face beside the detector."""
    rule, train = test.rule, test.listing.of(Split.TRAIN)
    findings = null_audit.find_shortcuts(train, test.videos, clean.clips, test.store, rule.main_face, rule.aggregate)
    facts["null_audit"] = findings.facts()
    null_audit.show_findings(findings, test.split)
    paths["null audit"] = null_audit.write_findings(folder, findings)


def _distort(
    distortions: list[Distortion],
    test: PreparedTest,
    clean: Scored,
    folder: Path,
    captions: tuple[str, ...],
    facts: Facts,
    paths: Paths,
) -> None:
    """Score the videos under every distortion."""
    cfg = test.cfg
    source = CleanStore(test.store, test.videos, test.faces, test.extracting)
    known = test.checkpoint.card.get("distortions")
    aucs = LevelAucs(test.videos, test.rule.aggregate, cfg.seed)
    table = score_distorted(distortions, source, clean, test.score, folder, known, aucs)
    found = summary(table, aucs.mean)
    facts["robustness"] = {"seed": cfg.seed, "reencode": cfg.reencode, **found}
    drawn_by = f"seed={cfg.seed}, reencode={cfg.reencode}"
    paths |= write_robustness(table, found, clean.clips, test.subject, folder, drawn_by, *captions)
