"""Run folders made by hand, for tests of the matrix."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

METHODS = ("swap", "flick|er")


def write_run(
    folder: Path,
    draw: int,
    *,
    corpus: str = "demo",
    state: str = "c",
    split: str = "test",
    data: dict[str, object] | None = None,
    skill: float = 0.1,
    num: int = 12,
    people: bool = False,
    **facts: object,
) -> pd.DataFrame:
    """Write a result with random scores of two clips a video, and return its predictions.

    The videos of a corpus and state are the same ones whatever the draw; half of them are real.
    """
    rng = np.random.default_rng([draw, len(corpus)])
    methods = ["" if i % 2 else METHODS[i // 2 % 2] for i in range(num)]
    table = pd.DataFrame(
        {"video_id": f"v{i:03d}", "label": int(method != ""), "method": method, "track": 0, "start": start}
        for i, method in enumerate(methods)
        for start in (0, 8)
    )
    table["score"] = (rng.random(len(table)) * (1 - skill) + skill * table["label"]).round(3)
    folder.mkdir(parents=True)
    table.to_csv(folder / "predictions.csv", index=False)
    if people:
        videos = table.groupby("video_id")[["label", "method"]].first().reset_index()
        videos["person"] = [f"p{i // 4}" for i in range(num)]
        videos["score"] = table.groupby("video_id")["score"].mean().to_numpy()
        videos.to_csv(folder / "videos.csv", index=False)
    own = {"corpus": corpus, "fingerprint": "f" * 16, "content": {split: state * 16, "train": "t" * 16}}
    content: dict[str, object] = {
        "data": {**own, **(data or {})},
        "model": "meso4",
        "checkpoint": "checkpoints/best.ckpt",
        "metrics": {f"{split}/video/auc": auc_of(table)},
        **facts,
    }
    if "overrides" not in facts and "predictions" not in (data or {}):
        content.setdefault("trained_on", {"corpus": "demo", "content": {"train": "t" * 16}})
    (folder / "metrics.json").write_text(json.dumps(content))
    return table


def train(folder: Path, draw: int, *options: str, seed: int = 0, **more: object) -> pd.DataFrame:
    """Write a training with these options."""
    return write_run(folder, draw, seed=seed, overrides=[*options, f"seed={seed}"], **more)  # type: ignore[arg-type]


def evaluate(folder: Path, draw: int, training: Path, **more: object) -> pd.DataFrame:
    """Write an evaluation of the best epoch of a training."""
    return write_run(folder, draw, checkpoint=str(training / "checkpoints" / "best.ckpt"), **more)  # type: ignore[arg-type]


def videos_of(table: pd.DataFrame, *methods: str) -> pd.DataFrame:
    """Return the mean over clips, of all reals and the fakes of some methods."""
    kept = table[table["method"].isin(["", *(methods or METHODS)])]
    return kept.groupby("video_id")[["label", "score"]].mean()


def auc_of(table: pd.DataFrame, *methods: str) -> float:
    """Return the AUC of videos, by counting pairs."""
    videos = videos_of(table, *methods)
    fakes, reals = (videos.loc[videos["label"] == label, "score"].to_numpy() for label in (1, 0))
    return float(np.mean((fakes[:, None] > reals) + 0.5 * (fakes[:, None] == reals)))
