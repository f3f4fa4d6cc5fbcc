"""Writes a table of a sweep's jobs, best first, to `sweep.csv`, and shows it when the sweep ends."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from deepfake.atomic import write_atomic
from deepfake.corpora.fitness import data_caption
from deepfake.report.tables import show, show_paths

if TYPE_CHECKING:
    import pandas as pd
# Metric -> the head of its column on screen.
KEYS = {
    "val/video/auc": "val AUC",
    "test/video/auc": "test AUC",
    "test/video/eer": "test EER",
    "test/video/accuracy": "test accuracy",
}


class SweepTable(Callback):
    """Collects the results that the jobs of a multirun wrote, also on other machines."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        # After every job, since Hydra does not call `on_multirun_end` if a job failed or the sweep was stopped.
        if config.hydra.mode is RunMode.MULTIRUN:
            self._write(Path(config.hydra.sweep.dir))

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        table = self._write(folder)
        if table.empty:
            return
        show_sweep(table)
        show_paths({"sweep": folder / "sweep.csv"})

    @staticmethod
    def _write(folder: Path) -> "pd.DataFrame":
        table = sweep_table(folder)
        if not table.empty:
            write_atomic(folder / "sweep.csv", table.to_csv(index=False).encode())
        return table


def sweep_table(folder: Path) -> "pd.DataFrame":
    """Return one row for each job that ended: its number, its options and its metrics, best first."""
    import pandas as pd  # here, since every command imports this module before it logs that it is loading

    rows = []
    for path in sorted(folder.glob("*/metrics.json")):
        content = json.loads(path.read_text())
        metrics, caption = content["metrics"], data_caption(content["data"], content.get("trained_on"))
        overrides = OmegaConf.load(path.parent / ".hydra" / "overrides.yaml")
        rows.append(
            {"job": path.parent.name, "overrides": shlex.join(overrides)}
            | {key: metrics.get(key) for key in KEYS}
            | {"remarks": caption or None}
        )
    table = pd.DataFrame(rows, columns=["job", "overrides", *KEYS, "remarks"]).dropna(axis="columns", how="all")
    if "remarks" in table:
        table["remarks"] = table["remarks"].fillna("")
    ranked = [key for key in KEYS if key in table][:1]  # evaluations have no val, some corpora no test
    return table.sort_values(ranked, ascending=False, kind="stable") if ranked else table


def show_sweep(table: "pd.DataFrame") -> None:
    """Print the table of a sweep, with only those options in which its jobs differ.

    Args:
        table: the table that `sweep_table` returned.
    """
    import pandas as pd

    numbers = [key for key in KEYS if key in table]
    differing = varied(table["overrides"])
    best = f", best {KEYS[numbers[0]]} of videos first" if numbers else ""
    rows = [
        [job, *(options.get(name) for name in differing), *(None if pd.isna(value) else value for value in values)]
        for job, options, values in zip(
            table["job"], table["overrides"].map(_options), table[numbers].to_numpy().tolist(), strict=True
        )
    ]
    remarks = table["remarks"] if "remarks" in table else pd.Series("", index=table.index)
    captions = [
        f"{'all jobs' if (remarks == remark).all() else 'jobs ' + ', '.join(table['job'][remarks == remark])}: {remark}"
        for remark in dict.fromkeys(filter(None, remarks))
    ]
    show(f"sweep of {len(table)} jobs{best}", ["job", *differing, *(KEYS[key] for key in numbers)], rows, *captions)


def varied(overrides: Iterable[str]) -> list[str]:
    """Return the names of the options in which jobs differ.

    Args:
        overrides: the options of each job, as in `sweep.csv`.

    Example:
        >>> varied(["model=meso4 seed=0 logger=csv", "model=meso4 seed=1 logger=csv ~callbacks.progress"])
        ['seed', '~callbacks.progress']
    """
    jobs = [_options(words) for words in overrides]
    names = dict.fromkeys(name for job in jobs for name in job)
    return [name for name in names if len({job.get(name) for job in jobs}) > 1]


def _options(words: str) -> dict[str, str]:
    """Return option -> value for one job; an option without a value, such as `~callbacks.progress`, gets `yes`."""
    found: dict[str, str] = {}
    for word in shlex.split(words):
        name, is_option, value = word.partition("=")
        if is_option or word.startswith("~"):
            found[name] = value or "yes"
    return found
