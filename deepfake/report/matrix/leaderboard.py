"""The leaderboard of a sweep: a row a training, the best on val first, with the options in which they differ."""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.names import as_text
from deepfake.report.matrix.results import ASIDE, result_folders
from deepfake.report.plots import scored_by
from deepfake.report.varied import given_options, varied
from deepfake.screen import from_here

METRICS = {"val/video/auc": "val AUC", "val/video/log_loss": "val log-loss", "test/video/auc": "test AUC"}
VAL = "val AUC"


@dataclass(frozen=True)
class Leaderboard:
    """Trainings that were measured on the same val videos.

    Attributes:
        corpus: its name, with the state of its val split if there are several.
        names: options in which the trainings differ.
        jobs: one row a training, best first: `job` (its folder, by `as_text`), the options as text, empty where one was
            not given, and the columns of `METRICS`, NaN where one was not measured.
        num_videos: val videos that were scored, in words; empty if it is not known.
        aggregates: how clips became a video's score, of one training or another; `mean`, `mean, top_3`.
    """

    corpus: str
    names: list[str]
    jobs: pd.DataFrame
    num_videos: str
    aggregates: str

    @property
    def metrics(self) -> list[str]:
        """Return the columns of `METRICS` that were measured of at least one training."""
        return [head for head in METRICS.values() if self.jobs[head].notna().any()]

    @property
    def about(self) -> str:
        """Return what must be known to read it: how many trainings, their order, and the videos."""
        of_val = f"; val: {self.num_videos} videos" if self.num_videos else ""
        return f"{len(self.jobs)} trainings, best val AUC first{of_val}{scored_by(self.aggregates)}"


def leaderboards(folders: Sequence[Path]) -> list[Leaderboard]:
    """Return a leaderboard for each val split on which several trainings were measured.

    Args:
        folders: of runs or sweeps, with all that is below them.

    Raises:
        ConfigError: a folder does not exist.
    """
    grouped: dict[tuple[str, str], list[tuple[Path, Mapping[str, Any], dict[str, str]]]] = {}
    for folder in result_folders(folders):
        content = _content(folder / "metrics.json")
        own = given_options(shlex.join(content.get("overrides", [])))
        trained = "overrides" in content and own.get("train") != "false"
        if not trained or math.isnan(_value(content, "val/video/auc")):
            continue
        data = content["data"]
        key = str(data["corpus"]), str(data.get("content", {}).get("val") or data.get("fingerprint", ""))
        kept = {name: value for name, value in own.items() if name == "seed" or not ASIDE.fullmatch(name)}
        grouped.setdefault(key, []).append((folder, content, kept))
    corpora = [corpus for corpus, _ in grouped]
    return [
        _leaderboard(corpus if corpora.count(corpus) == 1 else f"{corpus} {state[:6]}", jobs)
        for (corpus, state), jobs in grouped.items()
        if len(jobs) > 1
    ]


def rounded(value: float) -> str:
    """Return a metric as people read it; nothing where it was not measured.

    Example:
        >>> rounded(0.98765), rounded(math.nan)
        ('0.988', '')
    """
    return "" if math.isnan(value) else f"{value:.3f}"


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text())
        known = isinstance(content["metrics"], dict) and isinstance(content["data"]["corpus"], str)
        return content if known else {}
    except (OSError, ValueError, LookupError, TypeError):  # `read_result` says it
        return {}


def _value(content: Mapping[str, Any], metric: str) -> float:
    value = content.get("metrics", {}).get(metric)
    return math.nan if value is None else float(value)


def _leaderboard(corpus: str, jobs: Sequence[tuple[Path, Mapping[str, Any], dict[str, str]]]) -> Leaderboard:
    names = varied(shlex.join(f"{name}={value}" for name, value in own.items()) for _, _, own in jobs)
    rows = [
        {"job": as_text(from_here(folder)), **{name: as_text(own.get(name, "")) for name in names}}
        | {head: _value(content, metric) for metric, head in METRICS.items()}
        for folder, content, own in jobs
    ]
    table = pd.DataFrame(rows, columns=["job", *names, *METRICS.values()])
    # As a training chooses its best epoch: by the AUC, of equal ones by the log-loss.
    table = table.sort_values([VAL, "val log-loss"], ascending=[False, True], kind="stable").reset_index(drop=True)
    rules = {str(content.get("scoring", {}).get("aggregate", "mean")) for _, content, _ in jobs}
    return Leaderboard(corpus, names, table, _counted(jobs[0][1]), ", ".join(sorted(rules)))


def _counted(content: Mapping[str, Any]) -> str:
    found = content["data"].get("coverage", {}).get("val", {})
    real, fake = found.get("scored_real"), found.get("scored_fake")
    return "" if real is None or fake is None else f"{real} real, {fake} fake"
