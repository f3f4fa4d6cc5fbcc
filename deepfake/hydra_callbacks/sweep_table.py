"""Writes a table of a sweep's jobs, best first, to `sweep.csv`, and shows it when the sweep ends or is stopped."""

import json
import logging
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.atomic import write_atomic
from deepfake.command.command_line import at_end
from deepfake.command.entry import mistake_of, one_line
from deepfake.command.taken import options_of
from deepfake.corpora.fitness import data_caption
from deepfake.hydra_callbacks.own_folder import resolved
from deepfake.report.tables import show, show_paths
from deepfake.report.varied import brief, given_options, varied

if TYPE_CHECKING:
    import pandas as pd
log = logging.getLogger(__name__)
MEASURING = ("train", "evaluate")  # commands whose jobs leave a `metrics.json`
FAILURE = "failure.txt"  # in the folder of a job that failed: why
# Metric -> the head of its column on screen.
KEYS = {
    "val/video/auc": "val AUC",
    "test/video/auc": "test AUC",
    "test/video/eer": "test EER",
    "test/video/accuracy": "test accuracy",
}


class SweepTable(Callback):
    """Collects what the jobs of a multirun wrote, also on other machines."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if (
            config.hydra.job.config_name in MEASURING
        ):  # Hydra does not call `on_multirun_end` if a job failed or was stopped
            at_end.callback(_finish, Path(resolved(config, "hydra.sweep.dir")).absolute())

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if config.hydra.mode is RunMode.MULTIRUN:
            Path(config.hydra.runtime.output_dir, FAILURE).unlink(missing_ok=True)  # of this job in an earlier try

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if config.hydra.mode is not RunMode.MULTIRUN or config.hydra.job.config_name not in MEASURING:
            return
        if job_return.status is JobStatus.FAILED:
            error = job_return._return_value  # the property would raise it
            write_atomic(Path(config.hydra.runtime.output_dir, FAILURE), f"{_reason(error)}\n".encode())
        _write(Path(config.hydra.sweep.dir))


def _reason(error: object) -> str:
    found = mistake_of(error) if isinstance(error, BaseException) else None
    return (found or one_line(f"{type(error).__name__}: {error}")).removeprefix("error: ")


def _finish(folder: Path) -> None:
    try:
        table = _write(folder)
    except OSError as error:
        log.warning("the table of the sweep is not written: %s", mistake_of(error) or error)
        return
    if not table.empty:
        show_sweep(table)
        show_paths({"sweep": folder / "sweep.csv"})


def _write(folder: Path) -> "pd.DataFrame":
    table = sweep_table(folder)
    if not table.empty:
        write_atomic(folder / "sweep.csv", table.to_csv(index=False).encode())
    return table


def sweep_table(folder: Path) -> "pd.DataFrame":
    """Return one row for each job that began: its number, options, metrics, remarks and what became of it, best first.

    `state` is `done`, `done; ended early ` and why, `unfinished`, or `failed: ` and why.
    """
    # Here, since every command imports this module before it logs that it is loading.
    import pandas as pd

    from deepfake.callbacks.median_pruning import NOTE as PRUNED

    rows = []
    jobs = (path.parents[1] for path in folder.glob("*/.hydra/overrides.yaml"))
    for job in sorted(jobs, key=lambda job: (len(job.name), job.name)):
        asked, metrics, remarks = OmegaConf.load(job / ".hydra" / "overrides.yaml"), {}, None
        failure = f"failed: {(job / FAILURE).read_text().strip()}" if (job / FAILURE).is_file() else ""
        state = failure or "unfinished"
        if (job / "metrics.json").is_file():
            content = json.loads((job / "metrics.json").read_text())
            asked, metrics = content.get("overrides", asked), content["metrics"]  # a later job may have been refused
            state = f"done; a later one {failure}" if failure else "done"
            if not failure and (job / PRUNED).is_file():
                state = f"done; ended early {(job / PRUNED).read_text().strip()}"
            remarks = data_caption(content["data"], content.get("trained_on")) or None
        rows.append(
            {"job": job.name, "overrides": shlex.join(options_of(asked))}
            | {key: metrics.get(key) for key in KEYS}
            | {"remarks": remarks, "state": state}
        )
    columns = ["job", "overrides", *KEYS, "remarks", "state"]
    table = pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all")
    if "remarks" in table:
        table["remarks"] = table["remarks"].fillna("")
    ranked = [key for key in KEYS if key in table][:1]  # evaluations have no val, some corpora no test
    return table.sort_values(ranked, ascending=False, kind="stable") if ranked else table


def show_sweep(table: "pd.DataFrame") -> None:
    """Print the table of a sweep, with only those options in which its jobs differ.

    Jobs that differ in their seed alone also have a table with the mean and the standard deviation of each metric.

    Args:
        table: the table that `sweep_table` returned.
    """
    numbers = [key for key in KEYS if key in table]
    differing = varied(table["overrides"])
    best = f", best {KEYS[numbers[0]]} of videos first" if numbers else ""
    options = table["overrides"].map(given_options)
    rows = [
        [job, *(brief(given.get(name, "")) for name in differing), *map(_number, values)]
        for job, given, values in zip(table["job"], options, table[numbers].to_numpy().tolist(), strict=True)
    ]
    remarks = table["remarks"] if "remarks" in table else table["job"].map(lambda _: "")
    captions = [
        f"{'all jobs' if (remarks == remark).all() else 'jobs ' + ', '.join(table['job'][remarks == remark])}: {remark}"
        for remark in dict.fromkeys(filter(None, remarks))
    ]
    states = [] if "state" not in table else zip(table["job"], table["state"], strict=True)
    captions += [f"job {job} {state}" for job, state in states if state != "done"]
    show(f"sweep of {len(table)} jobs{best}", ["job", *differing, *(KEYS[key] for key in numbers)], rows, *captions)
    _show_seeds(table.assign(seed=options.map(lambda given: given.get("seed"))), options, differing, numbers)


def _show_seeds(table: "pd.DataFrame", options: "pd.Series", differing: Sequence[str], numbers: Sequence[str]) -> None:
    others = [name for name in differing if name != "seed"]
    key = options.map(lambda given: tuple(given.get(name) for name in others))
    done = table[numbers].notna().any(axis="columns") if numbers else table["seed"].isna()
    groups = [each for each in table[done].groupby(key[done], sort=False) if each[1]["seed"].nunique() > 1]
    rows = [
        [*given, len(found), *(f"{found[name].mean():.3f} ± {found[name].std():.3f}" for name in numbers)]
        for given, found in groups
    ]
    if rows:
        heads = [*others, "seeds", *(KEYS[name] for name in numbers)]
        show("over seeds: mean ± standard deviation", heads, rows)


def _number(value: float) -> float | None:
    return None if value is None or math.isnan(value) else value
