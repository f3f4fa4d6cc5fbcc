"""Gathers runs into one table: a row for what was trained, a column for what it was tested on.

A run's folder has `metrics.json` and `predictions.csv`, whether it was trained or is an evaluation of a checkpoint.
Runs that differ in their seed alone share a row, with the mean and the standard deviation over seeds. Tests on two
states of a corpus, that is other videos or files of the split, never share a column.
"""

import json
import logging
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from deepfake.errors import ConfigError
from deepfake.metrics.binary import binary_metrics
from deepfake.names import shown
from deepfake.report.results import video_table
from deepfake.report.varied import given_options, varied
from deepfake.schema import Label, Split
from deepfake.screen import from_here

log = logging.getLogger(__name__)

ALL = "all fakes"  # the column over all methods of a corpus
# Options of which no number depends, or whose part in it has a place of its own in the table.
_ASIDE = re.compile(
    r"seed|resume|train|test|search|device|print_config|tags|notes|deterministic|sweep\..*|paths\..*|logger(?:\..*)?"
    r"|hydra[./].*|extract\..*|data\.(?:\w+_)?root|loader\.(?:num_workers|cache|cache_dir)|trainer\.enable_\w+"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one test says of one training.

    Attributes:
        folder: where the result lies.
        run: folder of the training; of the test, if the training's is not known.
        options: the training's options as one line of words in alphabetical order, without those that change no number.
        seed: the training's seed, if it is known.
        trained_on: name and state of the corpus that was trained on.
        corpus: name of the corpus that was tested on; of its val or train split with the split's name.
        state: digest of the names and files of the split that was tested.
        aucs: method -> AUC of its fakes against all reals, for videos; `ALL` is over all fakes.
        counts: number of reals, and of fakes by method.
    """

    folder: Path
    run: Path
    options: str
    seed: str | None
    trained_on: str
    corpus: str
    state: str
    aucs: dict[str, float]
    counts: tuple[int, dict[str, int]]


def read_results(folders: Sequence[Path]) -> list[Result]:
    """Read all results at or below some folders, in the order of their paths. What cannot be read is said in the log.

    Raises:
        ConfigError: a folder does not exist, or none of them has a result.
    """
    if not folders:
        raise ConfigError("runs=[] names no folder: give folders of runs, evaluations or sweeps")
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{shown(str(folder))} is not a folder: give folders of runs, evaluations or sweeps")
        found |= dict.fromkeys(path.parent for path in sorted(folder.resolve().rglob("metrics.json")))
    results = [result for folder in found if (result := read_result(folder))]
    if not results:
        raise ConfigError(f"no run with metrics.json and predictions.csv in {', '.join(map(from_here, folders))}")
    return results


def unfinished(folders: Sequence[Path]) -> list[Path]:
    """Return the folders of trainings and evaluations that began and left no `metrics.json`."""
    logs = [path for folder in folders for name in ("train.log", "evaluate.log") for path in folder.rglob(name)]
    began = {path.parent for path in logs if (path.parent / ".hydra").is_dir()}
    return sorted(folder for folder in began if not _finished(folder))


def _finished(folder: Path) -> bool:
    """Return whether a run has its result, or each folder of a test of several checkpoints has."""
    if (folder / "metrics.json").is_file():
        return True
    tests = [path for path in folder.iterdir() if path.name.isdecimal() and path.is_dir()]
    return bool(tests) and all((path / "metrics.json").is_file() for path in tests)


def read_result(folder: Path) -> Result | None:
    """Read one result; None, with a line in the log, if it has no predictions, as after `test=false`, or is broken."""
    if not (folder / "predictions.csv").is_file():
        log.info("%s has no predictions, and is left out", from_here(folder))
        return None
    try:
        if "predictions" in json.loads((folder / "metrics.json").read_text()).get("data", {}):
            log.info("%s measured a table, of which no training is known, and is left out", from_here(folder))
            return None
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        log.warning("%s cannot be read, and is left out (%s)", from_here(folder), shown(reason))
        return None


def _read(folder: Path) -> Result:
    content = json.loads((folder / "metrics.json").read_text())
    own = given_options(shlex.join(content.get("overrides", [])))
    measured = "overrides" not in content or own.get("train") == "false"  # of a checkpoint that was there
    run, trained, options = folder, content, own
    if measured:
        checkpoint = Path(own.get("resume", content["checkpoint"])).resolve()  # where one stands, if it is relative
        run = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint
        known = (run / "metrics.json").is_file()
        trained = json.loads((run / "metrics.json").read_text()) if known else {}
        options = given_options(shlex.join(trained.get("overrides", [])))
        if not known or checkpoint.name != Path(trained["checkpoint"]).name:  # another epoch than the run's best
            options["checkpoint"] = from_here(checkpoint) if not known else checkpoint.name
    aggregate, of_training = (each.get("scoring", {}).get("aggregate", "mean") for each in (content, trained))
    if aggregate != of_training:
        options["aggregate"] = aggregate  # what is measured by another rule has a row of its own
    data = content["data"]
    order = (Split.TEST, Split.TRAIN, Split.VAL)  # a training has numbers of val too, and the predictions of test
    split = next(split for split in order if f"{split}/video/auc" in content["metrics"])
    corpus = data["corpus"] if split is Split.TEST else f"{data['corpus']} {split}"
    predictions = pd.read_csv(folder / "predictions.csv", dtype={"video_id": str, "method": str}, keep_default_na=False)
    videos = video_table(predictions, aggregate)
    source = (trained.get("data") if measured else data) or content.get("trained_on") or {}
    fakes = videos.loc[videos["label"] == Label.FAKE, "method"]
    return Result(
        folder=folder,
        run=run,
        options=shlex.join(f"{name}={options[name]}" for name in sorted(options) if not _ASIDE.fullmatch(name)),
        seed=None if "seed" not in trained else str(trained["seed"]),
        trained_on=f"{source.get('corpus', '')} {_state(source, Split.TRAIN)}".strip(),
        corpus=corpus,
        state=_state(data, split),
        aucs=method_aucs(videos),
        counts=(int((videos["label"] == Label.REAL).sum()), {str(k): int(v) for k, v in fakes.value_counts().items()}),
    )


def _state(data: dict[str, Any], split: Split) -> str:
    found: str = data.get("content", {}).get(str(split)) or data.get("fingerprint", "")  # older files lack the first
    return found


def method_aucs(videos: pd.DataFrame) -> dict[str, float]:
    """Return the AUC of videos by method, each against all reals: method -> AUC; `ALL` is over all fakes.

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
        that varied, `trained on` if that did or rows were alike without it, and `seeds`; and for each corpus and method
        three columns, `<corpus>: <method>`, the mean AUC, and with ` sd` and ` n` after it the standard deviation, NaN
        for one run, and the number of runs that were tested. A state of the corpus stands after its name if there are
        several.
    """
    results = list(results)
    names = varied(dict.fromkeys(result.options for result in results))
    keys = list(dict.fromkeys((result.options, result.trained_on) for result in results))
    several = len({trained_on.partition(" ")[0] for _, trained_on in keys}) > 1 or len(keys) > len({*dict(keys)})
    states: dict[str, set[str]] = {}
    for result in results:
        states.setdefault(result.corpus, set()).add(result.state)
    rows = []
    for key in keys:
        own = [result for result in results if (result.options, result.trained_on) == key]
        given = given_options(key[0])
        row: dict[str, Any] = {name: given.get(name, "") for name in names}
        row |= {"trained on": _short(key[1])} if several else {}
        row["seeds"] = len({result.seed for result in own})
        _warn_of_twins(own)
        values: dict[str, dict[Path, float]] = {}
        for result in own:
            corpus = _short(f"{result.corpus} {result.state}") if len(states[result.corpus]) > 1 else result.corpus
            for method, auc in result.aucs.items():
                values.setdefault(f"{corpus}: {method}", {}).setdefault(result.run, auc)
        for column, of_runs in values.items():
            numbers = pd.Series(of_runs.values(), dtype=float)
            row |= {column: numbers.mean(), f"{column} sd": numbers.std(), f"{column} n": len(numbers)}
        rows.append(row)
    return pd.DataFrame(rows)


def _short(corpus_and_state: str) -> str:
    corpus, _, state = corpus_and_state.rpartition(" ")
    return f"{corpus} {state[:6]}".strip()


def _warn_of_twins(results: Iterable[Result]) -> None:
    """Say which results are left out or count twice, because they have the same place in the table."""
    tested: dict[tuple[Path, str, str], Path] = {}
    trained: dict[str | None, Path] = {}
    for result in results:
        first = tested.setdefault((result.run, result.corpus, result.state), result.folder)
        if first != result.folder:
            two = from_here(first), from_here(result.folder)
            log.warning("%s and %s test one checkpoint on the same videos: only the first counts", *two)
        first = trained.setdefault(result.seed, result.run)
        if first != result.run:
            two = from_here(first), from_here(result.run)
            log.warning("%s and %s have the same options and seed: both count in the mean", *two)


def cells(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Return a matrix as text for people.

    Args:
        table: from `matrix`.
        digits: decimals that the number of videos supports.

    Returns:
        `0.93 ± 0.02` in a cell, `0.93` for one run, `0.93 ± 0.02 (2)` where fewer runs were tested than the row has
        seeds, `undefined` where a class is missing, and nothing where nothing was tested.
    """
    found = table[[name for name in table if not re.search(r": .* (?:sd|n)$", str(name))]].copy()
    for name in found:
        if f"{name} sd" in table:
            rows = zip(table[name], table[f"{name} sd"], table[f"{name} n"], table["seeds"], strict=True)
            found[name] = [_cell(*row, digits) for row in rows]
    return found


def _cell(mean: float, sd: float, count: float, seeds: int, digits: int) -> str:
    if pd.isna(count):
        return ""
    if pd.isna(mean):
        return "undefined"
    text = f"{mean:.{digits}f}" if pd.isna(sd) else f"{mean:.{digits}f} ± {sd:.{digits}f}"
    return text if count == seeds else f"{text} ({count:.0f})"


def markdown(table: pd.DataFrame) -> str:
    """Return a table of text as Markdown."""
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in [table.columns, *table.to_numpy()]]
    rows.insert(1, ["---"] * len(table.columns))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
