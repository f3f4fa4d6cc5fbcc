"""Measures a table of predictions alone, ours or anybody's: no GPU and no video. `evaluate.py predictions=` does it."""

from pathlib import Path

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from deepfake.atomic import write_atomic
from deepfake.content import digest
from deepfake.errors import ConfigError
from deepfake.evaluation import Columns, evaluate_scores, read_predictions, require_coverage, show_numbers
from deepfake.report.plots import Subject
from deepfake.report.provenance import begin, provenance
from deepfake.report.results import covered, draw_videos, write_metrics
from deepfake.report.tables import show_paths

# The options that act on a table; all others choose videos, faces or a detector.
USED = ("predictions", "columns", "scores", "split", "missing", "min_coverage", "seed", "paths.output_dir", "hydra")


def evaluate_table(cfg: DictConfig) -> None:
    """Measure `cfg.predictions`, and write what a test of a checkpoint writes.

    Raises:
        ConfigError: an option was given that has no effect on a table, the table is refused, or too few videos have a
            score.
    """
    _refuse_what_has_no_effect()
    begun, path, folder = begin(), Path(cfg.predictions), Path(cfg.paths.output_dir)
    columns = OmegaConf.to_container(cfg.columns)
    clips = read_predictions(path, Columns(**columns), cfg.scores)  # type: ignore[arg-type]
    outcome = evaluate_scores(clips, cfg.missing, cfg.seed)
    counts = outcome.counts()
    require_coverage(counts["scored"], counts["videos"], cfg.min_coverage, f"predictions={path}")
    write_atomic(folder / "predictions.csv", clips.to_csv(index=False).encode())
    coverage = {cfg.split: counts}
    data = {"predictions": str(path), "digest": digest(path), "columns": columns, "scores": cfg.scores}
    facts = {**outcome.facts(), "made_with": provenance("cpu", begun)}
    metrics = write_metrics(folder, outcome.metrics(cfg.split), {**data, "coverage": coverage}, facts)
    show_numbers(outcome.numbers, covered(coverage), outcome.caption())
    subject = Subject(path.name, cfg.split, "unknown, of a table of predictions")
    paths = {"run": folder, "metrics": metrics, "predictions": folder / "predictions.csv", **outcome.write(folder)}
    show_paths({**paths, **draw_videos(folder, subject, with_method(outcome.videos))})


def with_method(videos: pd.DataFrame) -> pd.DataFrame:
    """Return videos with a `method`, which pictures need; a table may have none."""
    return videos if "method" in videos else videos.assign(method=videos["label"].map({0: "real", 1: "fake"}))


def _refuse_what_has_no_effect() -> None:
    if not HydraConfig.initialized():
        return
    given = [word.lstrip("+~").partition("=")[0] for word in HydraConfig.get().overrides.task]
    idle = [name for name in given if not any(name == used or name.startswith(f"{used}.") for used in USED)]
    if idle:
        raise ConfigError(
            f"{', '.join(idle)} has no effect beside predictions=, which measures a table alone: leave it out, or give "
            "checkpoint= instead of predictions="
        )
