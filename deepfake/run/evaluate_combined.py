"""Measures what several tested checkpoints say together, person by person, as a verdict of several does."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.calibration import equal_weights, read_calibration
from deepfake.checkpoints import (
    Calibrated,
    Checkpoint,
    calibration_of_several,
    faces_of,
    read_several,
    require_persons,
    same_faces,
    settled_rule,
)
from deepfake.checkpoints.calibration import AUTO, NONE
from deepfake.checkpoints.scoring_rule import AGGREGATE, rule_card
from deepfake.errors import ConfigError, CorpusError
from deepfake.evaluation import (
    BEST,
    Outcome,
    combined_persons,
    evaluate_scores,
    require_coverage,
    show_numbers,
    with_people,
    with_unscored,
)
from deepfake.names import shown
from deepfake.report.plots import Subject
from deepfake.report.results import covered, draw_reliability, draw_videos
from deepfake.report.tables import show_paths
from deepfake.run.evaluate_checkpoint import Tested
from deepfake.scoring import ScoringRule

log = logging.getLogger(__name__)
FACTS = "combined.json"


def require_combinable(cfg: DictConfig, checkpoints: Sequence[str]) -> None:
    """Stop, before hours of testing, if these detectors cannot be combined.

    Raises:
        ConfigError: there is one alone, two have the same weights, other faces, or a rule that gives no person a score.
        CalibrationError: the calibration that is given cannot be read.
    """
    if len(checkpoints) < 2:
        raise ConfigError("combine=true is of several detectors: give checkpoint=[a.ckpt,b.ckpt], or leave it out")
    if cfg.aggregate == BEST:
        raise ConfigError(
            "aggregate=best chooses a rule for each detector, and may choose one that scores no person: with "
            "combine=true name one, such as aggregate=mean, or leave it out"
        )
    found, weights_dir = read_several(checkpoints), Path(cfg.paths.weights_dir)
    rules = {name: settled_rule(each.card, {AGGREGATE: cfg.aggregate}, each.path)[0] for name, each in found.items()}
    require_persons(rules)
    same_faces({name: faces_of(each, cfg.get("faces"), weights_dir)[0] for name, each in found.items()})
    if cfg.calibration not in (AUTO, NONE, None):
        read_calibration(Path(str(cfg.calibration)).expanduser())
    if cfg.distort is not None:
        log.info("combine=true is of the frames as they are: distorted ones are measured for each detector alone")


def evaluate_combined(cfg: DictConfig, tested: Sequence[Tested], folder: Path) -> Outcome:
    """Measure the combined scores, and write them, the numbers and the pictures.

    A person of whom one detector has no score has no combined one, and a video without such a person has none.

    Args:
        cfg: the composed config of the command.
        tested: the checkpoints, all on the same videos and faces.
        folder: where the results go.

    Raises:
        CorpusError: there is no person of whom all detectors have a score.
        ConfigError: fewer videos than `min_coverage` have a combined score.
    """
    found, first = read_several([each.path for each in tested]), tested[0]
    by_path = {each.path: each for each in tested}
    of = {name: by_path[checkpoint.path] for name, checkpoint in found.items()}
    rules = {name: each.rule for name, each in of.items()}
    learnt = calibration_of_several(cfg.calibration, found, rules, first.faces, first.under_test)
    weights = (learnt.weights if learnt else ()) or equal_weights(len(found))
    aggregates = {name: rule.aggregate for name, rule in rules.items()}
    persons = combined_persons({name: each.clips for name, each in of.items()}, aggregates, weights)
    if persons.empty:
        raise CorpusError(
            f"no {cfg.split} video of {cfg.data.name} has a person of whom {', '.join(map(shown, found))} all have a "
            "score, so nothing can be combined: see the detectors' own results, or leave out combine"
        )
    clips, people = with_people(with_unscored(persons, first.videos), first.videos)
    measured = evaluate_scores(clips, cfg.missing, cfg.seed, people, calibration=learnt.calibration if learnt else None)
    # A row is a person, and no clip of which it could be told how well clips are judged.
    outcome = replace(measured, numbers=measured.numbers[measured.numbers["level"] == "video"])
    counts = outcome.counts()
    together = f"the {cfg.split} split of {cfg.data.name}, by all detectors together,"
    require_coverage(counts["scored"], counts["videos"], cfg.min_coverage, together)
    told = ", ".join(f"{shown(name)} {weight:.3f}" for name, weight in zip(found, weights, strict=True))
    captions = covered({cfg.split: counts}), f"sigmoid of the weighted mean of the detectors' logits: {told}"
    show_numbers(outcome.numbers, *captions, outcome.caption(), learnt.caption() if learnt else "")
    subject = Subject(cfg.data.name, cfg.split, f"{' + '.join(map(shown, found))}, combined")
    facts = {**_facts(found, rules, weights, learnt), "coverage": counts, **outcome.facts()}
    _write(folder, persons, outcome, facts, subject, learnt)
    return outcome


def _write(
    folder: Path,
    persons: pd.DataFrame,
    outcome: Outcome,
    facts: Mapping[str, Any],
    subject: Subject,
    learnt: Calibrated | None,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / FACTS, json.dumps(facts, indent=2).encode())
    write_atomic(folder / "predictions.csv", persons.to_csv(index=False).encode())
    paths = {"facts": folder / FACTS, "predictions": folder / "predictions.csv", **outcome.write(folder)}
    paths |= draw_videos(folder, subject, outcome.drawn, outcome.sure)
    if learnt:
        paths |= draw_reliability(folder, subject, outcome.drawn, learnt.calibration.prior, outcome.believed)
    show_paths({"combined": folder, **paths})


def _facts(
    found: Mapping[str, Checkpoint],
    rules: Mapping[str, ScoringRule],
    weights: Sequence[float],
    learnt: Calibrated | None,
) -> dict[str, Any]:
    """Return what was combined, and how."""
    detectors = {
        name: {"checkpoint": str(each.path), "digest": each.digest, "weight": weight, "scoring": rule_card(rules[name])}
        for (name, each), weight in zip(found.items(), weights, strict=True)
    }
    return {"detectors": detectors, "calibration": learnt.facts() if learnt else None}
