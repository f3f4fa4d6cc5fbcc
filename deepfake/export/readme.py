"""The model card: what a detector is, what it learnt from, how it was measured, and what it is not for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deepfake.config.model_name import model_name
from deepfake.names import shown
from deepfake.report.page.run_files import RunFiles

_TEMPLATE = Path(__file__).parent / "template"
_TASK = "video-classification"
_WORDS = {"auc": "AUC", "ap": "average precision", "eer": "equal error rate", "log_loss": "log-loss"}
_MARKUP = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>#|~"})


def model_card(facts: Mapping[str, Any], files: Sequence[str], runs: Sequence[RunFiles], why_none: str) -> str:
    """Return the card as Markdown, with the front matter by which the Hugging Face hub lists a model.

    Args:
        facts: as `facts_of` returns them.
        files: names of the exported files.
        runs: that measured the checkpoint.
        why_none: why there is no run, if there is none.
    """
    card = facts["card"]
    name = model_name(card["model"])
    page = _environment().get_template("README.md.j2")
    content = page.render(
        name=name,
        files=files,
        input=facts["input"],
        output=facts["output"],
        data=card["data"],
        scoring=card.get("scoring"),
        faces=card["faces"],
        distortions=card.get("distortions"),
        backbone=card["model"]["backbone"].get("name"),
        runs=[_measured(run) for run in runs],
        why_none=why_none,
    )
    return f"---\n{_front(name, runs).to_yaml()}\n---\n\n{content}"


def _front(name: str, runs: Sequence[RunFiles]) -> ModelCardData:
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type=run.corpus,
            dataset_name=run.corpus,
            dataset_split=run.split,
            metric_type="roc_auc",
            metric_name="AUC of videos",
            metric_value=round(run.facts["metrics"][key], 4),
        )
        for run in runs
        if run.facts["metrics"].get(key := f"{run.split}/video/auc") is not None
    ]
    tags = ["deepfake-detection", "face-forgery"]
    named = name if results else None  # the hub takes results of a named model alone
    return ModelCardData(
        library_name="deepfake", pipeline_tag=_TASK, tags=tags, model_name=named, eval_results=results or None
    )


def _measured(run: RunFiles) -> dict[str, Any]:
    """Return what the template shows of a run: where, how many videos, and a row a number with its interval."""
    coverage = run.facts["data"].get("coverage", {}).get(run.split, {})
    return {
        "corpus": run.corpus,
        "split": run.split,
        "protocol": run.facts["data"].get("protocol", "unknown"),
        "num_videos": coverage.get("videos"),
        "num_scored": coverage.get("scored"),
        "own": run.is_training,
        "rows": _rows(run) if run.numbers is None else _rows_with_intervals(run.numbers),
        "resampled": "" if run.numbers is None else str(run.numbers["resampled"].iloc[0]),
    }


def _rows(run: RunFiles) -> list[tuple[str, str, str, str]]:
    prefix = f"{run.split}/video/"
    found = {key.removeprefix(prefix): value for key, value in run.facts["metrics"].items() if key.startswith(prefix)}
    known = {_WORDS.get(name, name): value for name, value in found.items() if value is not None}
    return [(name, f"{value:.3f}", "not known", "") for name, value in known.items()]


def _rows_with_intervals(numbers: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    videos = numbers[(numbers["level"] == "video") & numbers["value"].notna()]
    shown_ones = videos[(videos["by"] == "all") | ((videos["by"] == "method") & (videos["metric"] == "auc"))]
    rows = []
    for row in shown_ones.itertuples():
        of = f", {row.part}" if row.by == "method" else ""
        interval = "none" if pd.isna(row.low) else f"{row.low:.3f} to {row.high:.3f}"
        counts = f"{row.num_real} / {row.num_fake}"
        rows.append((_WORDS.get(row.metric, row.metric) + of, f"{row.value:.3f}", interval, counts))
    return rows


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # it is Markdown; `plain` takes the meaning from names
    )
    found.filters["plain"] = _plain
    return found


def _plain(text: object) -> str:
    """Return a text that comes from elsewhere, such as a corpus's name, without a meaning in Markdown or HTML.

    Example:
        >>> print(_plain("a|b <img src=x>"))
        a\\|b \\<img src=x\\>
    """
    return shown(text).translate(_MARKUP)
