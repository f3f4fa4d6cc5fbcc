"""Reads what tests say of detectors: the results that a matrix has in its rows and columns.

A run's folder has `metrics.json` and the scores of videos, whether it was trained, is an evaluation of a checkpoint, or
one of a table of predictions.
"""

import json
import logging
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.content import sha256_of_text
from deepfake.corpora.fitness import data_caption
from deepfake.errors import ConfigError
from deepfake.names import shown
from deepfake.report.page.run_files import RunFiles, read_run
from deepfake.report.varied import given_options
from deepfake.schema import Split
from deepfake.screen import from_here

log = logging.getLogger(__name__)
OF_TABLE = "videos "  # before the digest that stands for the state of a table of predictions

# Options of which no number depends, or whose part in it has a place of its own in the table.
ASIDE = re.compile(
    r"seed|resume|train|test|search|device|print_config|tags|notes|deterministic|sweep\..*|paths\..*|logger(?:\..*)?"
    r"|hydra[./].*|extract\..*|data\.(?:\w+_)?root|loader\.(?:num_workers|cache|cache_dir)|trainer\.enable_\w+"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one test says of one detector.

    Attributes:
        folder: where the result lies.
        run: folder of the training; of the test, if the training's is not known.
        options: the training's options as one line of words in alphabetical order, without those that change no number.
        seed: the training's seed, if it is known.
        model: its name, if it is known.
        trained_on: name and state of the corpus that was trained on, empty if it is not known.
        trained_methods: methods of the fakes that were trained on; None if they are not known.
        corpus: name of the corpus that was tested on, or of the table of predictions.
        split: the split that was tested.
        state: digest of the names and files of the split; of a table `OF_TABLE` and `names`.
        names: digest of the ids and labels of all videos of the test, also those without a score.
        videos: a row a video that counts: `video_id`, `label`, `method`, `score` and maybe `person`; None if the folder
            has no scores.
        auc: what `metrics.json` says, which is all that is known without scores; None if it is undefined.
        shared: what the protocol shares between train and test; empty if nothing.
        reals: digests of the real files of the corpus that was trained on, and of the split that was tested; None if
            one of them is not recorded, as of older runs.
        aggregate: how clips became a video's score; empty of a table that has scores of videos.
    """

    folder: Path
    run: Path
    options: str
    seed: str | None
    model: str
    trained_on: tuple[str, str]
    trained_methods: frozenset[str] | None
    corpus: str
    split: str
    state: str
    names: str
    videos: pd.DataFrame | None
    auc: float | None
    shared: str
    reals: tuple[frozenset[str], frozenset[str]] | None
    aggregate: str

    @property
    def is_table(self) -> bool:
        """Whether it measured a table of predictions, of which no corpus is known."""
        return self.state.startswith(OF_TABLE)


def read_results(folders: Sequence[Path]) -> list[Result]:
    """Read all results at or below some folders, in the order of their paths. What cannot be read is said in the log.

    Raises:
        ConfigError: a folder does not exist.
    """
    return [result for folder in result_folders(folders) if (result := read_result(folder))]


def result_folders(folders: Sequence[Path]) -> list[Path]:
    """Return the folders at or below some folders that have a `metrics.json`, each once.

    Raises:
        ConfigError: a folder does not exist, or none is named.
    """
    if not folders:
        raise ConfigError("runs=[] names no folder: give folders of runs, evaluations or sweeps")
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{shown(str(folder))} is not a folder: give folders of runs, evaluations or sweeps")
        found |= dict.fromkeys(path.parent for path in sorted(folder.resolve().rglob("metrics.json")))
    return list(found)


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
    """Read one result; None, with a line in the log, if nothing was tested, as after `test=false`, or it is broken."""
    try:
        run = read_run(folder)
        if f"{run.split}/video/auc" not in run.facts["metrics"] or (run.is_training and run.split != Split.TEST):
            log.info("%s has tested nothing, and is left out", from_here(folder))
            return None
        return _read(run)
    except (ConfigError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        log.warning("%s cannot be read, and is left out (%s)", from_here(folder), shown(reason))
        return None


def _read(run: RunFiles) -> Result:
    content, videos = run.facts, run.videos
    if videos is None:
        log.warning("%s has no scores of videos: its AUC is compared with no other", from_here(run.folder))
    names = _names(run)
    if "predictions" in content["data"]:
        place, options = run.folder, {"predictions": str(content["data"]["predictions"])}
        trained: Mapping[str, Any] = {}
        source: Mapping[str, Any] = {}
        corpus, state = run.corpus, f"{OF_TABLE}{names[:16]}"
    else:
        place, trained, options, measured = _training(run)
        source = (trained.get("data") if measured else content["data"]) or content.get("trained_on") or {}
        corpus, state = content["data"]["corpus"], _state(content["data"], run.split)
    aggregate, of_training = (each.get("scoring", {}).get("aggregate", "mean") for each in (content, trained))
    if aggregate != of_training:
        options["aggregate"] = aggregate  # what is measured by another rule has a row of its own
    methods = (source.get("methods") or {}).get(str(Split.TRAIN))
    value = content["metrics"][f"{run.split}/video/auc"]
    return Result(
        folder=run.folder,
        run=place,
        options=shlex.join(f"{name}={options[name]}" for name in sorted(options) if not ASIDE.fullmatch(name)),
        seed=None if "seed" not in trained else str(trained["seed"]),
        model="" if "predictions" in content["data"] else str(content.get("model") or trained.get("model") or ""),
        trained_on=(str(source.get("corpus", "")), _state(source, Split.TRAIN)),
        trained_methods=None if methods is None else frozenset(methods),
        corpus=str(corpus),
        split=run.split,
        state=state,
        names=names,
        videos=videos,
        auc=None if value is None else float(value),
        shared=data_caption(content["data"], content.get("trained_on")) if "corpus" in content["data"] else "",
        reals=_reals(source, content["data"], run.split),
        aggregate=run.aggregate,
    )


def _training(run: RunFiles) -> tuple[Path, Mapping[str, Any], dict[str, str], bool]:
    """Return folder, facts and options of the training, and whether another run measured it."""
    content = run.facts
    own = given_options(shlex.join(content.get("overrides", [])))
    if "overrides" in content and own.get("train") != "false":
        return run.folder, content, own, False
    checkpoint = Path(own.get("resume", content["checkpoint"])).resolve()  # where one stands, if it is relative
    place = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint
    known = (place / "metrics.json").is_file()
    trained = json.loads((place / "metrics.json").read_text()) if known else {}
    options = given_options(shlex.join(trained.get("overrides", [])))
    if not known or checkpoint.name != Path(trained["checkpoint"]).name:  # another epoch than the run's best
        options["checkpoint"] = from_here(checkpoint) if not known else checkpoint.name
    return place, trained, options, True


def _names(run: RunFiles) -> str:
    """Return a digest of the ids and labels of all videos that were tested; empty if they are not known."""
    path = run.folder / "videos.csv"
    if path.is_file():
        every = pd.read_csv(path, usecols=["video_id", "label"], dtype=str, keep_default_na=False)
    elif run.videos is not None:
        every = run.videos[["video_id", "label"]].astype(str)
    else:
        return ""
    return sha256_of_text("\n".join(sorted(every["label"] + "\t" + every["video_id"])))


def _reals(
    trained: Mapping[str, Any], tested: Mapping[str, Any], split: str
) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the reals of all splits of the one corpus, and of one of the other; None if they are not recorded."""
    if not trained.get("reals") or not tested.get("reals"):
        return None
    return frozenset(" ".join(trained["reals"].values()).split()), frozenset(tested["reals"].get(split, "").split())


def _state(data: Mapping[str, Any], split: str) -> str:
    found: str = data.get("content", {}).get(str(split)) or data.get("fingerprint", "")  # older files lack the first
    return found
