"""Gathers runs and evaluations into one table: what was trained in rows, what it was tested on in columns."""

from pathlib import Path

from omegaconf import DictConfig

from deepfake.atomic import write_atomic
from deepfake.command.entry import entry_point
from deepfake.report.matrix import cells, markdown, matrix, read_results
from deepfake.report.tables import num_digits, show, show_paths


@entry_point
def report(cfg: DictConfig) -> None:
    """Print the table, and write it as `matrix.csv` and `matrix.md` into the run's folder."""
    results = read_results([Path(folder) for folder in cfg.runs])
    table, folder = matrix(results), Path(cfg.paths.output_dir)
    fewest = min(min(each.counts["real"], sum(each.counts.values()) - each.counts["real"]) for each in results)
    text = cells(table, num_digits({"scored_real": fewest, "scored_fake": fewest}))
    counted = {(each.corpus, each.fingerprint): each.counts for each in results}
    captions = [
        f"{corpus}: {', '.join(f'{count} {method}' for method, count in sorted(counts.items()))}; fingerprint {state}"
        for (corpus, state), counts in counted.items()
    ]
    show("AUC of videos, mean ± standard deviation over seeds", [*text.columns], text.to_numpy().tolist(), *captions)
    write_atomic(folder / "matrix.csv", table.to_csv(index=False).encode())
    write_atomic(folder / "matrix.md", (markdown(text) + "\n" + "\n".join(captions) + "\n").encode())
    show_paths({"table": folder / "matrix.csv", "markdown": folder / "matrix.md"})
