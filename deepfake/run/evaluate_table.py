"""Measures a table of predictions alone, ours or anybody's: no GPU and no video. `evaluate.py predictions=` does it."""

import logging
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from deepfake.atomic import write_atomic
from deepfake.checkpoints import calibration_of_table
from deepfake.checkpoints.calibration import AUTO, NONE
from deepfake.checkpoints.scoring_rule import CARRIED
from deepfake.command.idle import refuse_idle
from deepfake.content import digest
from deepfake.errors import ConfigError
from deepfake.evaluation import (
    BEST,
    Columns,
    evaluate_scores,
    read_predictions,
    require_coverage,
    show_numbers,
    subject_of_table,
)
from deepfake.report.page import page_beside
from deepfake.report.provenance import begin, provenance
from deepfake.report.results import covered, draw_reliability, draw_videos, write_metrics
from deepfake.report.tables import show_paths
from deepfake.scoring import ScoringRule

log = logging.getLogger(__name__)
OF_TABLES = ("columns", "scores")  # what has an effect on tables alone
# The options that act on a table; all others choose videos, faces or a detector.
USED = (
    "predictions",
    "columns",
    "scores",
    "split",
    "missing",
    "calibration",
    "aggregate",
    "min_coverage",
    "seed",
    "paths.output_dir",
    "hydra",
)


def evaluate_table(cfg: DictConfig) -> None:
    """Measure `cfg.predictions`, and write what a test of a checkpoint writes.

    Raises:
        ConfigError: an option was given that has no effect on a table, the table is refused, or too few videos have a
            score.
    """
    refuse_idle(beside="predictions", used=USED)
    if cfg.aggregate == BEST:
        raise ConfigError(
            "aggregate=best chooses on val, and a table is of one split: name a rule, as in aggregate=median"
        )
    begun, path, folder = begin(), Path(cfg.predictions), Path(cfg.paths.output_dir)
    columns = OmegaConf.to_container(cfg.columns)
    clips = read_predictions(path, Columns(**columns), cfg.scores)  # type: ignore[arg-type]
    if cfg.aggregate != CARRIED and clips["video_id"].is_unique:
        raise ConfigError(
            f"aggregate={cfg.aggregate} has no effect on predictions={path}, which has one row a video: leave it out"
        )
    rule = ScoringRule(aggregate="mean" if cfg.aggregate == CARRIED else cfg.aggregate)
    if not clips["video_id"].is_unique:
        log.info("score of a video: %s (aggregate=%s)", rule.aggregation, rule.aggregate)
    own = cfg.calibration not in (AUTO, NONE, None)  # nothing lies beside a table
    content = digest(path)
    calibrated = calibration_of_table(Path(cfg.calibration).expanduser(), rule.aggregation, content) if own else None
    learnt = calibrated.calibration if calibrated else None
    outcome = evaluate_scores(clips, cfg.missing, cfg.seed, aggregate=rule.aggregate, calibration=learnt)
    counts = outcome.counts()
    require_coverage(counts["scored"], counts["videos"], cfg.min_coverage, f"predictions={path}")
    write_atomic(folder / "predictions.csv", clips.to_csv(index=False).encode())
    coverage = {cfg.split: counts}
    data = {"predictions": str(path), "digest": content, "columns": columns, "scores": cfg.scores}
    scoring = {"aggregate": rule.aggregate, "aggregation": rule.aggregation}
    facts = {"scoring": scoring, **outcome.facts(), "made_with": provenance("cpu", begun)}
    show_numbers(outcome.numbers, covered(coverage), outcome.caption(), calibrated.caption() if calibrated else "")
    subject = subject_of_table(path, cfg.split, clips, rule.aggregate)
    paths = {"predictions": folder / "predictions.csv", **outcome.write(folder)}
    paths |= draw_videos(folder, subject, outcome.drawn, outcome.sure)
    if calibrated:
        prior = calibrated.calibration.prior
        paths |= draw_reliability(folder, subject, outcome.drawn, prior, outcome.believed)
        facts["calibration"] = calibrated.facts()
    metrics = write_metrics(folder, outcome.metrics(cfg.split), {**data, "coverage": coverage}, facts)  # marks the end
    show_paths({"run": folder, **page_beside(folder), "metrics": metrics, **paths})
