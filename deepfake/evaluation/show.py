"""Shows the numbers of an evaluation on screen."""

from collections.abc import Iterable

import pandas as pd

from deepfake.calibration.thresholds import AT_VAL
from deepfake.report.independent import WORDS
from deepfake.report.tables import TOO_FEW, num_digits, show

_INDEPENDENT = {**WORDS, "targets": f"{WORDS['targets']}, though fakes show the faces of others,"}
OF_PARTS = ("auc", "tpr_at_fpr_0.1", "recall")  # what is shown of each method and group


def show_numbers(numbers: pd.DataFrame, *captions: str) -> None:
    """Print all metrics with their intervals, and below them the most important ones of each method and group.

    Args:
        numbers: as `numbers_table` returns them.
        captions: lines with what one must know about the data; empty ones are left out.
    """
    # Of the thresholds that val chose, one is enough here; `numbers.csv` and the page have all.
    every = numbers[(numbers["by"] == "all") & ~numbers["metric"].str.contains(f"{AT_VAL}_", regex=False)]
    levels = list(dict.fromkeys(every["level"]))
    table = {level: every[every["level"] == level].set_index("metric") for level in levels}
    heads = [head for level in levels for head in (level, "95 % interval")]
    rows = [[name, *(c for level in levels for c in _of(table[level], name))] for name in table[levels[0]].index]
    show("metrics", ["metric", *heads], rows, *captions, *_notes(every), _how(every))
    videos = numbers[(numbers["level"] == "video") & numbers["metric"].isin(OF_PARTS)]
    for by in ("method", "group"):
        if len(of := videos[videos["by"] == by]):
            show(f"videos by {by}", *_of_parts(of, by))


def _of_parts(numbers: pd.DataFrame, by: str) -> tuple[list[str], list[list[object]]]:
    rows = []
    for part, own in numbers.groupby("part", sort=False):
        values = own.set_index("metric")
        auc = values.loc["auc"]
        rest = (_cells(values.loc[name])[0] for name in OF_PARTS[1:])
        rows.append([part, str(auc["num_real"]), str(auc["num_fake"]), *_cells(auc), *rest])
    return [by, "reals", "fakes", "auc", "95 % interval", *OF_PARTS[1:]], rows


def _of(table: pd.DataFrame, name: str) -> tuple[str, str]:
    return _cells(table.loc[name]) if name in table.index else ("", "")  # of videos alone, such as `accuracy_at_val`


def _cells(row: pd.Series) -> tuple[str, str]:
    """Return a number and its interval with the decimals that the number of videos supports."""
    digits = num_digits({"scored_real": row["num_real"], "scored_fake": row["num_fake"]})
    if pd.isna(row["value"]):
        return TOO_FEW if row["note"].startswith(TOO_FEW) else "undefined", ""
    interval = "" if pd.isna(row["low"]) else f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"
    return f"{row['value']:.{digits}f}", interval


def _notes(numbers: pd.DataFrame) -> Iterable[str]:
    """Return a line for each reason that a number of all videos is missing, or must be read with care."""
    videos = numbers[(numbers["level"] == "video") & (numbers["note"] != "")]
    for note, own in videos.groupby("note", sort=False):
        yield f"{', '.join(own['metric'])}: {note}"


def _how(numbers: pd.DataFrame) -> str:
    """Say how the intervals were found, and what was taken to be independent."""
    found = numbers[(numbers["level"] == "video") & numbers["low"].notna()]
    if found.empty:
        return ""
    kinds = found["interval"].unique()
    of = {how: _some(found["metric"][found["interval"] == how]) if len(kinds) > 1 else "all" for how in kinds}
    methods = [f"{how} ({names})" for how, names in of.items()]
    return f"intervals take {_INDEPENDENT[found['resampled'].iloc[0]]} to be independent: {'; '.join(methods)}"


def _some(names: pd.Series) -> str:
    return ", ".join(names) if len(names) <= 3 else "the others"
