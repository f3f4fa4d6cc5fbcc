"""Gathers runs and evaluations into one table: what was trained in rows, what it was tested on in columns."""

from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.command.entry import entry_point
from deepfake.report.matrix import Result, cells, markdown, matrix, read_results, unfinished
from deepfake.report.tables import num_digits, show, show_paths
from deepfake.screen import from_here


@entry_point
def report(cfg: DictConfig) -> None:
    """Print the table, and write it as `matrix.csv` and `matrix.md` into the run's folder."""
    folders, folder = [Path(each) for each in cfg.runs], Path(cfg.paths.output_dir)
    results = read_results(folders)
    table = matrix(results)
    fewest = min(min(reals, sum(fakes.values())) for reals, fakes in (each.counts for each in results))
    text = cells(table, num_digits({"scored_real": fewest, "scored_fake": fewest}))
    captions = list(dict.fromkeys(map(_tested, results)))
    if missing := unfinished(folders):
        captions.append(f"without a result (failed, stopped, or still at work): {', '.join(map(from_here, missing))}")
    show("AUC of videos, mean ± standard deviation over seeds", [*text.columns], text.to_numpy().tolist(), *captions)
    write_atomic(folder / "matrix.csv", table.to_csv(index=False).encode())
    write_atomic(folder / "matrix.md", (markdown(text) + "\n" + "\n".join(captions) + "\n").encode())
    show_paths({"table": folder / "matrix.csv", "markdown": folder / "matrix.md"})


def _tested(result: Result) -> str:
    reals, fakes = result.counts
    counted = ", ".join([f"{reals} real", *(f"{count} {method}" for method, count in sorted(fakes.items()))])
    return f"{result.corpus}: {counted} videos; state {result.state}"
