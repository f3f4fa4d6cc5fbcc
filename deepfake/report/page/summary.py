"""The head of the page and its table of numbers: what was found, in words and in figures."""

import math
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from deepfake.corpora.fitness import data_caption
from deepfake.report.page.points import calls
from deepfake.report.page.run_files import RunFiles
from deepfake.report.page.sections import of_all
from deepfake.report.page.words import at_half, counted, in_pairs, interval, name_of, number, value_of
from deepfake.report.plots import scored_by
from deepfake.report.results import covered
from deepfake.report.tables import num_digits

MOST_ROWS = 1500  # of the table of numbers, which keeps the page below 5 MB
_TILES = {
    "accuracy": "accuracy at 0.5",
    "balanced_accuracy": "balanced accuracy at 0.5",
    "eer": "equal error rate",
    "tpr_at_fpr_0.1": "hits at 10 % false alarms",
    "ap": "average precision",
    "ece": "calibration error",
}


class Figure(NamedTuple):
    """A number of the page's head: its name, its value and its interval, which may be empty."""

    name: str
    value: str
    interval: str


class Row(NamedTuple):
    """A row of the table of numbers; `order` sorts by the value."""

    level: str
    part: str
    metric: str
    value: str
    order: float | None
    interval: str
    reals: int
    fakes: int
    how: str


class Headline(NamedTuple):
    """What the page says first: the AUC, what it means, and what must be known to read it."""

    auc: Figure
    sentences: list[str]
    tiles: list[Figure]


def headline(run: RunFiles) -> Headline:
    """Return the AUC of videos with its interval, in words as well, and the most important other numbers."""
    values, digits = of_all(run.numbers), _digits(run)
    key = f"{run.split}/video/auc"
    plain = run.facts["metrics"].get(key)
    row = values.get("auc")
    auc = math.nan if plain is None else float(plain)
    low, high = (math.nan, math.nan) if row is None else (float(row["low"]), float(row["high"]))
    said = [in_pairs(auc, low, high)]
    if run.videos is not None:
        said.append(at_half(calls(run.videos)))
    if row is not None and row["note"]:
        said.append(f"Of the AUC: {row['note']}.")
    said += _bounds(run.facts)
    figure = Figure("AUC of videos", number(auc, digits), "" if row is None else interval(row, digits))
    tiles = [
        Figure(words, value_of(values[name], digits), interval(values[name], digits))
        for name, words in _TILES.items()
        if name in values
    ]
    return Headline(figure, said, tiles)


def _digits(run: RunFiles) -> int:
    return num_digits(run.facts["data"]["coverage"].get(run.split, {}))


def _bounds(facts: Mapping[str, Any]) -> Iterator[str]:
    ends = facts.get("bounds", {})
    if ends:
        each = ", ".join(f"{name} {low:.3f} to {high:.3f}" for name, (low, high) in ends.items() if low is not None)
        yield f"Some videos have no score (missing={facts['missing']}); whatever they had got: {each}."


def number_rows(numbers: pd.DataFrame | None) -> list[Row]:
    """Return the rows of the table, at most `MOST_ROWS`; numbers of all come first in `numbers.csv`."""
    if numbers is None:
        return []
    kept = numbers.sort_values("by", key=lambda by: by != "all", kind="stable").head(MOST_ROWS)
    return [_row(row) for row in kept.to_dict("records")]


def _row(row: Mapping[str, Any]) -> Row:
    digits = num_digits({"scored_real": row["num_real"], "scored_fake": row["num_fake"]})
    how = "" if pd.isna(row["low"]) else str(row["interval"])
    value = None if pd.isna(row["value"]) else float(row["value"])
    return Row(
        level=f"{row['level']}s",
        part="all" if row["by"] == "all" else f"{row['by']} {name_of(row['part'])}",
        metric=row["metric"],
        value=value_of(row, digits),
        order=value,
        interval=interval(row, digits),
        reals=int(row["num_real"]),
        fakes=int(row["num_fake"]),
        how="; ".join(filter(None, (how, str(row["note"])))),
    )


def subject(run: RunFiles) -> str:
    """Return what all charts are of: data, model and counts, and how videos were scored."""
    counts = "" if run.videos is None else f"; {counted(run.videos)} videos{scored_by(run.aggregate)}"
    return name_of(f"{run.corpus}, {run.split} split; {run.model}{counts}")


def run_facts(run: RunFiles) -> dict[str, str]:
    """Return name -> text of what the run was; what is not known is left out."""
    facts, data = run.facts, run.facts["data"]
    made, scoring = facts.get("made_with", {}), facts.get("scoring", {})
    git, trained = made.get("git") or {}, facts.get("trained_on")
    lines = {
        "command": shlex.join(run.command),
        "model": run.model,
        "checkpoint": facts.get("checkpoint", ""),
        "corpus": run.corpus,
        "protocol": data.get("protocol", ""),
        "fingerprint": data.get("fingerprint", data.get("digest", "")),
        "videos": covered(data["coverage"]) if "corpus" in data else "",
        "accepted leaks": data_caption(data, trained) or ("none" if "shared_sources" in data else ""),
        "trained on": f"{trained['corpus']}, {trained['protocol']}, {trained['fingerprint']}" if trained else "",
        "score of a video": scoring.get("aggregation", ""),
        "unlike the checkpoint's test": _pairs(facts.get("scoring_unlike_checkpoint", {})),
        "missing scores": facts.get("missing", ""),
        "intervals": _independent(run.numbers),
        "tags": " ".join(facts.get("tags") or ()),
        "notes": facts.get("notes") or "",
        "code": f"{git['revision'][:12]}{', changed' if git.get('changed') else ''}" if git else "",
        "versions": ", ".join(f"{name} {version}" for name, version in made.get("packages", {}).items() if version),
        "device": made.get("device", ""),
        "wall time": f"{made['wall_time_s']:g} s" if "wall_time_s" in made else "",
    }
    return {name: name_of(text) for name, text in lines.items() if text != ""}


def _pairs(differences: Mapping[str, Mapping[str, object]]) -> str:
    each = (f"{name} {two['here']} and not {two['checkpoint']}" for name, two in differences.items())
    return ", ".join(each)


def _independent(numbers: pd.DataFrame | None) -> str:
    return "" if numbers is None or numbers.empty else f"95 %, with {numbers['resampled'].iloc[0]} as independent"
