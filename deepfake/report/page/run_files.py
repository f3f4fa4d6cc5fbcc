"""What stands in the folder of a finished run, as the page reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from deepfake.errors import ConfigError
from deepfake.report.results import video_table

_TEXT = (
    "video_id",
    "method",
    "group",
    "person",
    "by",
    "part",
    "metric",
    "note",
    "type",
    "interval",
    "trained_with",
    "aggregate",
)
_CURVES = Path("csv") / "metrics.csv"
_CERTAIN = {"real": 0.0, "fake": 1.0}


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run. A table that the folder lacks is None.

    Attributes:
        folder: where they stand.
        facts: the content of `metrics.json`.
        split: the split that was tested.
        videos: a row a video that counts, with `video_id`, `label`, `method` and `score`.
        clips: `predictions.csv`.
        numbers: every number with its interval.
        robustness: a row a distortion, the clean row first.
        aggregation: AUC and log-loss of each way from clips to a video.
        curves: what a training logged, a row a step.
        command: the words that were typed; empty if the folder does not tell.
        config: the whole config as YAML; empty if the folder does not tell.
    """

    folder: Path
    facts: Mapping[str, Any]
    split: str
    videos: pd.DataFrame | None
    clips: pd.DataFrame | None
    numbers: pd.DataFrame | None
    robustness: pd.DataFrame | None
    aggregation: pd.DataFrame | None
    curves: pd.DataFrame | None
    command: tuple[str, ...]
    config: str

    @property
    def is_training(self) -> bool:
        """Whether a training wrote it, and no evaluation of a checkpoint or of a table."""
        return "trained_on" not in self.facts and "predictions" not in self.facts["data"]

    @property
    def aggregate(self) -> str:
        """How clips became a video's score; empty of a table that has scores of videos."""
        of_videos = "predictions" in self.facts["data"] and (self.clips is None or self.clips["video_id"].is_unique)
        return "" if of_videos else str(self.facts.get("scoring", {}).get("aggregate", "mean"))

    @property
    def seed(self) -> int:
        """The seed of the bootstrap that its numbers have their intervals by; 0 if it does not tell."""
        return int(self.facts.get("bootstrap", self.facts).get("seed", 0))

    @property
    def corpus(self) -> str:
        """The corpus, or the file of predictions, that was measured."""
        data = self.facts["data"]
        return str(data["corpus"]) if "corpus" in data else Path(data["predictions"]).name

    @property
    def model(self) -> str:
        """The model, and the corpus that it was trained on if that was another run."""
        if "predictions" in self.facts["data"]:
            return "unknown model, of a table of predictions"
        name = str(self.facts.get("model") or Path(self.facts["checkpoint"]).name)
        return name if self.is_training else f"{name} trained on {self.facts['trained_on']['corpus']}"


def read_run(folder: Path) -> RunFiles:
    """Read what a run has left.

    Raises:
        ConfigError: the folder holds no `metrics.json`, which a run writes when it is done, or one of something else.
    """
    path = folder / "metrics.json"
    if not path.is_file():
        raise ConfigError(f"{folder} has no metrics.json, so it is not the folder of a finished evaluation or training")
    try:
        facts = json.loads(path.read_text())
        known = isinstance(facts["metrics"], dict) and isinstance(facts["data"], dict)
    except (ValueError, LookupError, TypeError):
        known = False
    if not known:
        raise ConfigError(f"{path} is no metrics.json of this project: move it, or give another folder")
    splits = {key.partition("/")[0] for key in facts["metrics"] if key.endswith("/video/auc")}
    split = "test" if "test" in splits else min(splits, default="test")
    # A resumed training without a test may still have the tables of an earlier one.
    tested = split == "test" or "trained_on" in facts or "predictions" in facts["data"]
    clips = _table(folder / "predictions.csv") if tested else None
    return RunFiles(
        folder=folder,
        facts=facts,
        split=split,
        videos=_videos(folder, clips, facts) if tested else None,
        clips=clips,
        numbers=_table(folder / "numbers.csv") if tested else None,
        robustness=_table(folder / "robustness.csv"),
        aggregation=_table(folder / "aggregation.csv"),
        curves=_table(folder / _CURVES),
        command=command_of(folder),
        config=_text(folder / ".hydra" / "config.yaml"),
    )


def _table(path: Path) -> pd.DataFrame | None:
    """Read a CSV; columns of text stay as they are, so a method called `NA` is not a missing one."""
    if not path.is_file():
        return None
    numbers = [name for name in pd.read_csv(path, nrows=0).columns if name not in _TEXT]
    empty = {name: [""] for name in numbers}
    return pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str), keep_default_na=False, na_values=empty)


def _videos(folder: Path, clips: pd.DataFrame | None, facts: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the videos with a score, or with the score that a missing one counts as."""
    table = _table(folder / "videos.csv")
    if table is None and clips is not None:
        table = video_table(clips, facts.get("scoring", {}).get("aggregate", "mean"))
    if table is None:
        return None
    missing = facts.get("missing", "exclude")
    if missing != "exclude":
        table = table.assign(score=table["score"].fillna(_CERTAIN.get(missing, missing)))
    if "method" not in table:
        table = table.assign(method=table["label"].map({0: "real", 1: "fake"}))
    table = table[table["score"].notna()].reset_index(drop=True)
    return table.astype({"label": int, "score": float})


def command_of(folder: Path) -> tuple[str, ...]:
    """Return the words of the command that a run's folder tells of; none if it does not."""
    hydra = folder / ".hydra"
    overrides, settings = _text(hydra / "overrides.yaml"), _text(hydra / "hydra.yaml")
    if not settings:
        return ()
    name = yaml.safe_load(settings)["hydra"]["job"]["name"]
    return "python", f"scripts/{name}.py", *map(str, yaml.safe_load(overrides) or ())


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""
