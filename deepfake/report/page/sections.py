"""The sections of the page: which there are for a run, and what is said instead of one that is absent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from deepfake.corpora.groups import GroupedBy
from deepfake.report.independent import WORDS
from deepfake.report.page.band_charts import band_charts, band_table, plain_bands
from deepfake.report.page.chart import Chart, Table
from deepfake.report.page.curves import curve_charts
from deepfake.report.page.decisions import decision_table, decisions_of, unchosen
from deepfake.report.page.learning import learning_charts
from deepfake.report.page.part_charts import parts_chart
from deepfake.report.page.robustness_chart import robustness_chart
from deepfake.report.page.run_files import RunFiles
from deepfake.report.page.score_charts import reliability_chart, score_chart
from deepfake.report.page.words import name_of
from deepfake.report.plots import scored_by
from deepfake.report.results import covered
from deepfake.report.uncertainty import curve_uncertainty

_UNTESTED = "There is no predictions.csv of a test here: test=true lets a training test its best epoch."
_NO_NUMBERS = "There is no numbers.csv here: scripts/evaluate.py writes it."


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Attributes:
        name: identifies it in the page.
        title: its heading.
        charts: what is drawn.
        tables: heading -> table.
        note: how to read the tables; may be empty.
        absent: how to get what is not there; empty if nothing lacks.
        about: data, model and counts, if they are not those of the tested split.
    """

    name: str
    title: str
    charts: list[Chart] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    note: str = ""
    absent: str = ""
    about: str = ""


def sections(run: RunFiles) -> list[Section]:
    """Return the sections of charts and of small tables, in the order of the page."""
    found = [_thresholds(run), _decisions(run), _bands(run), _scores(run), _parts(run), _robustness(run)]
    return [*found, _learning(run), _aggregation(run), _null_audit(run)]


def of_all(numbers: pd.DataFrame | None, level: str = "video") -> dict[str, pd.Series]:
    """Return metric -> its row of `numbers.csv`, of all videos or clips."""
    if numbers is None:
        return {}
    own = numbers[(numbers["by"] == "all") & (numbers["level"] == level)]
    return {str(row["metric"]): row for _, row in own.iterrows()}


def _thresholds(run: RunFiles) -> Section:
    section = Section("thresholds", "Every threshold")
    if run.videos is None:
        return Section(section.name, section.title, absent=_UNTESTED)
    if run.videos["label"].nunique() < 2:
        return Section(section.name, section.title, absent="There is no such curve of one class alone.")
    numbers, decisions = of_all(run.numbers), decisions_of(run.facts)
    people: GroupedBy = numbers["auc"]["resampled"] if "auc" in numbers else "people"
    sure = curve_uncertainty(run.videos, people, run.seed)
    section.charts.extend(curve_charts(run.videos, numbers, decisions, sure))
    return section


def _decisions(run: RunFiles) -> Section:
    name, title = "decisions", "Decisions"
    if run.videos is None or run.videos.empty:
        return Section(name, title, absent=_UNTESTED)
    decisions, numbers = decisions_of(run.facts), of_all(run.numbers)
    table = decision_table(decisions, run.videos, numbers)
    note = "A video is called fake if its score is above the threshold."
    if "recall" in numbers:
        over = WORDS[numbers["recall"]["resampled"]]
        note += f" 95 % intervals are those of numbers.csv, which takes {over} to be independent."
    if len(decisions) > 1:
        note += " The rates on val are those by which its thresholds were chosen, so they are somewhat too good."
        note += f" {few}." if (few := unchosen(run.facts)) else ""
    return Section(name, title, tables={"Operating points": table}, note=note, absent=_uncalibrated(run, "thresholds"))


def _bands(run: RunFiles) -> Section:
    name, title = "bands", "Bands of evidence"
    if run.videos is None or run.videos.empty:
        return Section(name, title, absent=_UNTESTED)
    if absent := _uncalibrated(run, "bands"):
        return Section(name, title, absent=absent)
    learnt = run.facts["calibration"]
    bands = band_table(run.videos, learnt["bands"], learnt["prior"])
    note = (
        "Wrong is a fake in a band of no manipulation, and a real in one of manipulation; classes count as if "
        f"{learnt['prior']:g} of all videos were fake. The bands of val are cross-fitted: each video is calibrated by "
        "what was learnt of others."
    )
    if lacking := int(run.videos["calibrated"].isna().sum()):
        note += f" Videos without a score of their own have no band: {lacking}."
    source = name_of(learnt["source"])
    tables = {f"Videos by band, beside {source}": plain_bands(bands)}
    return Section(name, title, band_charts(bands, source), tables, note)


def _uncalibrated(run: RunFiles, what: str) -> str:
    """Say how to get what is learnt on val; empty if the run has it."""
    learnt = run.facts.get("calibration")
    if learnt is None:
        first = "scripts/calibrate.py learns them on val, and scripts/evaluate.py measures them on another split"
        return f"{what.capitalize()} of val are not known here: {first}."
    if what not in learnt or "calibrated" not in (run.videos if run.videos is not None else ()):
        return f"{what.capitalize()} of val are not in metrics.json, which an older version wrote: evaluate again."
    return ""


def _scores(run: RunFiles) -> Section:
    if run.videos is None or run.videos.empty:
        return Section("distribution", "Scores", absent=_UNTESTED)
    believed = "calibrated" in run.videos and run.videos["label"].nunique() == 2  # of one class nothing is weighed
    prior = run.facts.get("calibration", {}).get("prior") if believed else None
    names = {"": "ece"} if prior is None else {"before": "ece_before", "after": "ece_after"}
    numbers = of_all(run.numbers)
    errors = {when: float(numbers[name]["value"]) for when, name in names.items() if name in numbers}
    known = {when: error for when, error in errors.items() if not math.isnan(error)}
    return Section("distribution", "Scores", [score_chart(run.videos), reliability_chart(run.videos, known, prior)])


def _parts(run: RunFiles) -> Section:
    name, title = "parts", "Methods and groups"
    if run.numbers is None:
        return Section(name, title, absent=_UNTESTED if run.videos is None else _NO_NUMBERS)
    charts = [chart for by in ("method", "group") if (chart := parts_chart(run.numbers, by))]
    return Section(name, title, charts, absent="" if charts else "All fakes are of one method, and no group is known.")


def _robustness(run: RunFiles) -> Section:
    name, title = "distortions", "Robustness"
    if run.robustness is None or len(run.robustness) < 2:
        return Section(name, title, absent="evaluate.py checkpoint=... distort=deeperforensics tests it.")
    types = run.facts.get("robustness", {}).get("types", {})
    return Section(name, title, [robustness_chart(run.robustness, of_all(run.numbers).get("auc"), types)])


def _learning(run: RunFiles) -> Section:
    name, title = "learning", "Learning curves"
    if run.curves is not None and (charts := learning_charts(run.curves)):
        used = {split: counts for split, counts in run.facts["data"]["coverage"].items() if split in ("train", "val")}
        about = f"{run.corpus}, {covered(used)}; {run.model}{scored_by(run.aggregate)}"
        return Section(name, title, charts, about=name_of(about))
    where = "logger=csv keeps them" if run.is_training else "They are on the page of the training, in its own folder"
    return Section(name, title, absent=f"{where}.")


def _aggregation(run: RunFiles) -> Section:
    name, title = "aggregation", "From clips to a video"
    if run.aggregation is None:
        return Section(name, title, absent="evaluate.py checkpoint=... aggregate=best compares the ways.")
    rows = [[_cell(value) for value in row] for row in run.aggregation.itertuples(index=False, name=None)]
    return Section(name, title, tables={"AUC and log-loss of each way": Table([*run.aggregation.columns], rows)})


def _null_audit(run: RunFiles) -> Section:
    name, title = "null-audit", "Is it the pixels?"
    found: Mapping[str, Any] | None = run.facts.get("null_audit")
    if found is None:
        return Section(name, title, absent="evaluate.py checkpoint=... audit=null tests a model that sees no face.")
    columns = list(dict.fromkeys(key for model in found["models"].values() for key in model))
    rows = [[model, *(values.get(column) for column in columns)] for model, values in found["models"].items()]
    rows.insert(0, ["the detector", *(found["detector_auc"] if i == 0 else None for i in range(len(columns)))])
    warning = "A model that sees no face comes near the detector. " if found["is_near"] else ""
    heading = f"{warning}AUC of models that look at no face, beside the detector's"
    return Section(name, title, tables={heading: Table(["model", *columns], rows)})


def _cell(value: object) -> object:
    if isinstance(value, float):
        return None if pd.isna(value) else value
    return value if isinstance(value, str | bool) else str(value)
