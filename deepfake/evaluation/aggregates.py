"""Compares the ways from the clips of a face to one score, and chooses among them on val."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import torch

from deepfake.atomic import write_atomic
from deepfake.errors import ConfigError, CorpusError
from deepfake.metrics import binary_metrics
from deepfake.ranges import Aggregate
from deepfake.report.results import video_table
from deepfake.report.tables import num_digits, show
from deepfake.schema import Label, Split

BEST = "best"  # as a value of the option `aggregate`
AGGREGATES: tuple[Aggregate, ...] = ("mean", "median", "max", "top_3", "mean_logit", "mean_all")
_METRICS = ("auc", "log_loss")


def refuse_val(split: Split) -> None:
    """Stop if val itself is to be measured, where the best of several rules looks better than it is.

    Raises:
        ConfigError: the split is val.
    """
    if split is Split.VAL:
        raise ConfigError(
            "aggregate=best chooses on val, so split=val would measure the rule on what it was chosen on: "
            "name a rule, as in aggregate=median, or another split"
        )


def require_both_classes(of_val: Iterable[int]) -> None:
    """Stop unless val has reals and fakes.

    Args:
        of_val: the labels of its videos, or of those that have a score.

    Raises:
        CorpusError: it has not.
    """
    if len({*of_val}) < len(Label):
        raise CorpusError(
            "aggregate=best chooses on val, which has no real or no fake video with a score here: name a rule, such as "
            "aggregate=median"
        )


def compare_aggregates(clips: Mapping[Split, pd.DataFrame], own: Aggregate = "mean") -> pd.DataFrame:
    """Return the AUC and the log-loss of videos by rule.

    Args:
        clips: split -> one row a clip, as in `predictions.csv`. Videos without a clip are left out.
        own: the checkpoint's rule, which is compared as well if it is none of `AGGREGATES`.

    Returns:
        A row for each, with `aggregate` and, for each split, `<split>_auc` and `<split>_log_loss`.
    """
    rows = []
    for aggregate in dict.fromkeys((*AGGREGATES, own)):
        row: dict[str, object] = {"aggregate": aggregate}
        for split, table in clips.items():
            videos = video_table(table, aggregate)
            numbers = binary_metrics(torch.tensor(videos["score"].to_numpy()), torch.tensor(videos["label"].to_numpy()))
            row |= {f"{split}_{name}": numbers[name] for name in _METRICS}
        rows.append(row)
    return pd.DataFrame(rows)


def best_aggregate(table: pd.DataFrame) -> Aggregate:
    """Return the rule with the highest AUC on val; of equal ones that of the lowest log-loss, then the first.

    Args:
        table: as `compare_aggregates` returns it, with val.
    """
    ordered = table.sort_values(["val_auc", "val_log_loss"], ascending=[False, True], kind="stable")
    return str(ordered["aggregate"].iloc[0])


def write_aggregates(
    folder: Path, clips: Mapping[Split, pd.DataFrame], corpus: str, *, chosen: Aggregate, own: Aggregate
) -> Path:
    """Write the comparison as `aggregation.csv`, print it with a star at the chosen rule, and return the file.

    Args:
        folder: of the run.
        clips: split -> one row a clip, of val and of the split that is measured.
        corpus: whose val and other split they are.
        chosen: the rule.
        own: that of the checkpoint's own test.
    """
    table = compare_aggregates(clips, own)
    write_atomic(folder / "aggregation.csv", table.to_csv(index=False).encode())
    _show(table, chosen, clips, corpus)
    return folder / "aggregation.csv"


def _show(table: pd.DataFrame, chosen: Aggregate, clips: Mapping[Split, pd.DataFrame], corpus: str) -> None:
    columns = [name for name in table if name != "aggregate"]
    counts = {split: each.drop_duplicates("video_id")["label"].value_counts() for split, each in clips.items()}
    fewest = {f"scored_{label.name.lower()}": min(int(c.get(label, 0)) for c in counts.values()) for label in Label}
    digits = num_digits(fewest)
    rows = [
        [f"{row['aggregate']} *" if row["aggregate"] == chosen else row["aggregate"]]
        + [f"{row[name]:.{digits if name.endswith('auc') else 3}f}" for name in columns]
        for _, row in table.iterrows()
    ]
    of = "; ".join(f"{split}: {c.get(0, 0)} real, {c.get(1, 0)} fake videos" for split, c in counts.items())
    of += "; videos without a score are left out"
    headers = ["aggregate", *(name.replace("_", " ", 1).replace("_", "-") for name in columns)]
    show(
        f"Aggregation, chosen on val of {corpus}",
        headers,
        rows,
        of,
        f"* {chosen}: highest AUC on val, then lowest log-loss",
    )
