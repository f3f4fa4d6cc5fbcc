"""Gathers runs into one table: a row for what was trained, a column for what it was tested on.

A run's folder has `metrics.json` and `predictions.csv`, whether it was trained or is an evaluation of a checkpoint.
Runs that differ in their seed alone share a row, with the mean and the standard deviation over seeds. Tests on two
states of a corpus (fingerprints) never share a column.
"""

import json
import logging
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from deepfake.errors import ConfigError
from deepfake.metrics.binary import binary_metrics
from deepfake.names import shown
from deepfake.report.results import video_table
from deepfake.report.varied import given_options, varied
from deepfake.schema import Label
from deepfake.screen import from_here

log = logging.getLogger(__name__)

ALL = "all"  # name of the column over all fakes of a corpus


@dataclass(frozen=True, slots=True)
class Result:
    """What one test says of one training.

    Attributes:
        run: folder of the training; of the test, if the training's is gone.
        options: the training's options as one line of words, without the seed.
        seed: the training's seed, if it is known.
        corpus: name of the corpus that was tested on.
        fingerprint: its state.
        aucs: method -> AUC of its fakes against all reals, for videos; `all` is over all fakes.
        counts: method -> number of videos; reals are `real`.
    """

    run: Path
    options: str
    seed: str | None
    corpus: str
    fingerprint: str
    aucs: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def read_results(folders: Iterable[Path]) -> list[Result]:
    """Read all results at or below some folders, in the order of their paths.

    Raises:
        ConfigError: a folder does not exist, or none of them has a result.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{shown(str(folder))} is no folder: give those of runs, evaluations or sweeps")
        found |= dict.fromkeys(path.parent for path in sorted(folder.rglob("metrics.json")))
    results = [result for folder in found if (result := read_result(folder))]
    if not results:
        raise ConfigError(f"no run with metrics.json and predictions.csv in {', '.join(map(from_here, folders))}")
    return results


def read_result(folder: Path) -> Result | None:
    """Read one result; None, with a line in the log, if it has no predictions, as after `test=false`."""
    if not (folder / "predictions.csv").is_file():
        log.info("%s has no predictions, and is left out", from_here(folder))
        return None
    content = json.loads((folder / "metrics.json").read_text())
    run, trained = folder, content
    if "overrides" not in content:  # an evaluation, which names a training's checkpoint
        run = Path(content["checkpoint"]).parents[1]
        trained = json.loads((run / "metrics.json").read_text()) if (run / "metrics.json").is_file() else {}
    options = given_options(shlex.join(trained.get("overrides", [f"checkpoint={content['checkpoint']}"])))
    options.pop("seed", None)
    predictions = pd.read_csv(folder / "predictions.csv", dtype={"video_id": str, "method": str}, keep_default_na=False)
    videos = video_table(predictions)
    return Result(
        run=run,
        options=shlex.join(f"{name}={value}" for name, value in options.items()),
        seed=None if "seed" not in trained else str(trained["seed"]),
        corpus=content["data"]["corpus"],
        fingerprint=content["data"]["fingerprint"],
        aucs=method_aucs(videos),
        counts=videos.loc[videos["label"] == Label.FAKE, "method"].value_counts().to_dict()
        | {"real": int((videos["label"] == Label.REAL).sum())},
    )


def method_aucs(videos: pd.DataFrame) -> dict[str, float]:
    """Return the AUC of videos by method, each against all reals: method -> AUC; `all` is over all fakes.

    Args:
        videos: `label`, `method` and `score`, as `video_table` returns them.
    """
    reals, fakes = (videos[videos["label"] == label] for label in (Label.REAL, Label.FAKE))
    groups = {ALL: fakes, **dict(iter(fakes.groupby("method")))}
    return {
        str(method): binary_metrics(
            torch.tensor([*reals["score"], *group["score"]]), torch.tensor([0] * len(reals) + [1] * len(group))
        )["auc"]
        for method, group in groups.items()
    }


def matrix(results: Iterable[Result]) -> pd.DataFrame:
    """Return the table of results.

    Returns:
        One row for each training, whatever its seed, in the order in which they first appear: a column for each option
        that varied; `seeds`; and for each corpus and method `<corpus> <method>` and `<corpus> <method> sd`, mean and
        standard deviation of the AUC over seeds. The latter is NaN for one seed.
    """
    results = list(results)
    names = [name for name in varied(dict.fromkeys(result.options for result in results)) if name != "seed"]
    states = {corpus: {r.fingerprint for r in results if r.corpus == corpus} for corpus in {r.corpus for r in results}}
    rows: dict[str, dict[str, Any]] = {}
    for options in dict.fromkeys(result.options for result in results):
        own = [result for result in results if result.options == options]
        given = given_options(options)
        row: dict[str, Any] = {name: given.get(name, "default") for name in names}
        row["seeds"] = len({result.seed for result in own})
        values: dict[str, dict[Path, float]] = {}
        for result in own:
            state = f" {result.fingerprint[:4]}" if len(states[result.corpus]) > 1 else ""
            for method, auc in result.aucs.items():
                values.setdefault(f"{result.corpus}{state} {method}", {})[result.run] = auc  # a later test replaces
        for column, of_runs in values.items():
            numbers = pd.Series(of_runs.values(), dtype=float)
            row[column], row[f"{column} sd"] = numbers.mean(), numbers.std()
        rows[options] = row
    return pd.DataFrame(list(rows.values()))


def cells(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Return a matrix as text for people: `0.93 ± 0.02`, or `0.93` for one seed, and nothing where nothing was tested.

    Args:
        table: from `matrix`.
        digits: decimals that the number of videos supports.
    """
    found = table[[name for name in table if not f"{name}".endswith(" sd")]].copy()
    for name in found:
        if f"{name} sd" in table:
            pairs = zip(table[name], table[f"{name} sd"], strict=True)
            found[name] = [_cell(mean, sd, digits) for mean, sd in pairs]
    return found


def _cell(mean: float, sd: float, digits: int) -> str:
    if pd.isna(mean):
        return ""
    return f"{mean:.{digits}f}" if pd.isna(sd) else f"{mean:.{digits}f} ± {sd:.{digits}f}"


def markdown(table: pd.DataFrame) -> str:
    """Return a table of text as Markdown."""
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in [table.columns, *table.to_numpy()]]
    rows.insert(1, ["---"] * len(table.columns))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
