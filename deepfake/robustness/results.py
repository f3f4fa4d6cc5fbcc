"""Writes and shows a test of robustness: its table, its chart, and its numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from deepfake.distort.catalogue import GROUPS
from deepfake.report.plots import Subject, save
from deepfake.report.results import video_table
from deepfake.report.robustness_figure import robustness_figure
from deepfake.report.tables import num_digits, show
from deepfake.robustness.table import CLEAN, FILE, write_table


def write_robustness(
    table: pd.DataFrame, found: Mapping[str, Any], clips: pd.DataFrame, subject: Subject, folder: Path, *captions: str
) -> dict[str, Path]:
    """Write `robustness.csv` and `robustness.png`, show the table, and return the paths by name.

    Args:
        table: as `score_distorted` returns it.
        found: as `summary` returns it.
        clips: the scores of the clean clips.
        subject: what they are of.
        folder: the run's folder.
        captions: lines with what one must know about the data.
    """
    written = write_table(table, folder)
    chart = save(robustness_figure(table, video_table(clips), subject), folder / "robustness.png")
    _show(table, found, *captions)
    return {"robustness": written, "by level": chart}


def _show(table: pd.DataFrame, found: Mapping[str, Any], *captions: str) -> None:
    """Print the AUC of videos by type and level, with the mean over the levels."""
    digits = num_digits({f"scored_{label}": int(table[f"num_{label}"].min()) for label in ("real", "fake")})
    levels = sorted({int(level) for level in table["level"].dropna()})
    nothing: list[str | None] = [None] * len(levels)
    rows = [[CLEAN, *nothing, _cell(found["clean"], digits)]]
    for name, each in found["types"].items():
        cells = [_cell(each["levels"].get(str(level)), digits) for level in levels]
        rows.append([_marked(name, each), *cells, _cell(each["mean"], digits)])
    rows += [[_marked(name, each), *nothing, _cell(each, digits)] for name, each in found["sets"].items()]
    if "mean" in found:
        rows.append(["mean of the types", *nothing, _cell(found["mean"], digits)])
    if "deeperforensics_mean" in found and len(found["types"]) > len(GROUPS["deeperforensics"]):
        rows.append(["mean of the seven", *nothing, _cell(found["deeperforensics_mean"], digits)])
    drawn = f"{', '.join(found['sets'])}: types and levels are drawn for each video" if found["sets"] else ""
    columns = ["distortion", *map(str, levels), "mean"]
    show("AUC of videos by level of distortion", columns, rows, _sure(found, digits), _seen(found), drawn, *captions)


def _marked(name: str, facts: Mapping[str, Any]) -> str:
    return f"{name} *" if facts["trained_with"] else name


def _seen(found: Mapping[str, Any]) -> str:
    """Say which of the distortions the detector was trained with."""
    seen = {name: each["trained_with"] for name, each in {**found["types"], **found["sets"]}.items()}
    if "unknown" in seen.values():
        return "* it is not known what the detector was trained with"
    named = [f"{name} ({names.replace(',', ', ')})" for name, names in seen.items() if names]
    return f"* the detector was trained with the like: {', '.join(named)}" if named else ""


def _sure(found: Mapping[str, Any], digits: int) -> str:
    """Return the 95 % intervals of the clean AUC and of the means, for which the table has no room."""
    named = {"clean": "clean", "mean of the types": "mean", "mean of the seven": "deeperforensics_mean"}
    each = [
        f"{name} {one['video/auc_low']:.{digits}f} to {one['video/auc_high']:.{digits}f}"
        for name, key in named.items()
        if (one := found.get(key)) and one["video/auc_low"] is not None
    ]
    return f"95 % intervals: {', '.join(each)}; {FILE} has that of each level" if each else ""


def _cell(aucs: Mapping[str, Any] | None, digits: int) -> str | None:
    if aucs is None:
        return None
    value = aucs["video/auc"]
    return "undefined" if value is None else f"{value:.{digits}f}"
