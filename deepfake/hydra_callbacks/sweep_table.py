"""The end of a sweep: a table of its jobs, best first, on screen and as `sweep.csv`."""

import json
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

KEYS = ["val/video/auc", "test/video/auc", "test/video/eer", "test/video/accuracy"]


class SweepTable(Callback):
    """Reads what the jobs of a multirun left in their folders; jobs on other machines count as well."""

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        # After every job: Hydra ends a sweep without its last call if a job failed, or somebody stopped it.
        if config.hydra.mode is RunMode.MULTIRUN:
            self._write(Path(config.hydra.sweep.dir))

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        table = self._write(folder)
        if table.empty:
            return
        numbers = [key for key in KEYS if key in table]
        title = f"sweep, best {numbers[0]} first" if numbers else "sweep"
        show(title, list(table.columns), table.to_numpy().tolist())
        show_paths({"sweep": folder / "sweep.csv"})

    @staticmethod
    def _write(folder: Path) -> "pd.DataFrame":
        table = sweep_table(folder)
        if not table.empty:
            write_atomic(folder / "sweep.csv", table.to_csv(index=False).encode())
        return table


def sweep_table(folder: Path) -> "pd.DataFrame":
    """One row a job that ended: its number, what was asked of it, and its numbers, best first."""
    import pandas as pd  # here, since every command imports this file before it can say that it loads something

    rows = []
    for path in sorted(folder.glob("*/metrics.json")):
        content = json.loads(path.read_text())
        metrics, caption = content["metrics"], data_caption(content["data"], content.get("trained_on"))
        overrides = OmegaConf.load(path.parent / ".hydra" / "overrides.yaml")
        rows.append(
            {"job": path.parent.name, "overrides": " ".join(overrides)}
            | {key: metrics.get(key) for key in KEYS}
            | {"remarks": caption or None}
        )
    table = pd.DataFrame(rows, columns=["job", "overrides", *KEYS, "remarks"]).dropna(axis="columns", how="all")
    if "remarks" in table:
        table["remarks"] = table["remarks"].fillna("")
    ranked = [key for key in KEYS if key in table][:1]  # an evaluation has no val, a corpus may have no test
    return table.sort_values(ranked, ascending=False, kind="stable") if ranked else table
