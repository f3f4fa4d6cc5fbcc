"""Calibrates the scores of a table, ours or anybody's: no GPU and no video. `calibrate.py predictions=` does it."""

from dataclasses import asdict
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from deepfake.atomic import write_atomic
from deepfake.calibration import CalibrationFile, Learnt, write_calibration
from deepfake.calibration.calibration_file import SCHEMA_VERSION
from deepfake.checkpoints.scoring_rule import CARRIED
from deepfake.command.idle import refuse_idle
from deepfake.command.writable import require_writable
from deepfake.content import digest
from deepfake.errors import ConfigError
from deepfake.evaluation import (
    Columns,
    learn_calibration,
    read_predictions,
    require_coverage,
    show_calibration,
    subject_of_table,
)
from deepfake.report.results import covered, draw_reliability, video_counts
from deepfake.report.tables import show_paths
from deepfake.scoring import ScoringRule

OF_TABLES = ("columns", "scores")  # what has an effect on tables alone
_USED = (
    *("predictions", "columns", "scores", "split", "method", "prior", "aggregate", "min_coverage", "output"),
    *("paths.output_dir", "hydra"),
)


def require_file(output: Path) -> None:
    """Stop before any work if what is learnt could not be written in the end.

    Raises:
        ConfigError: it is a folder, or in one that cannot be written to.
    """
    if output.is_dir():
        raise ConfigError(f"output={output} is a folder: name a file in it")
    require_writable(output.parent)


def calibrate_table(cfg: DictConfig) -> None:
    """Learn from `cfg.predictions`, whose videos are those of a val, and write `cfg.output`.

    Raises:
        ConfigError: an option was given that has no effect on a table, the table is refused, too few videos have a
            score, or there is no output.
        CalibrationError: there are too few videos of a class, or of people.
    """
    refuse_idle(beside="predictions", used=_USED)
    if cfg.output is None:
        raise ConfigError("beside predictions=, no file is named for what is learnt: add output=calibration.json")
    path, folder, output = Path(cfg.predictions), Path(cfg.paths.output_dir), Path(cfg.output)
    require_file(output)
    columns = OmegaConf.to_container(cfg.columns)
    clips = read_predictions(path, Columns(**columns), cfg.scores)  # type: ignore[arg-type]
    rule = ScoringRule(aggregate="mean" if cfg.aggregate == CARRIED else cfg.aggregate)
    found, videos, by = learn_calibration(clips, rule.aggregate, cfg.method, cfg.prior, path.name)
    counts = video_counts(videos)
    require_coverage(counts["scored"], counts["videos"], cfg.min_coverage, f"predictions={path}")
    show_calibration(found, by, f"{path.name}, aggregate={rule.aggregate}", covered({cfg.split: counts}))
    subject = subject_of_table(path, cfg.split, clips, rule.aggregate)
    numbers = {"before": asdict(found.before), "after": asdict(found.after)}
    drawn = draw_reliability(folder, subject, videos, cfg.prior, numbers)
    data = {"predictions": str(path), "digest": digest(path), "columns": columns, "scores": cfg.scores}
    of_rule = {"aggregate": rule.aggregate, "aggregation": rule.aggregation}
    write_atomic(folder / "predictions.csv", clips.to_csv(index=False).encode())
    write_calibration(CalibrationFile(SCHEMA_VERSION, None, None, data, by, (Learnt(of_rule, counts, found),)), output)
    show_paths({"run": folder, "calibration": output, "predictions": folder / "predictions.csv", **drawn})
