"""A small evaluation whose names try to break out of the page."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from deepfake.calibration import CalibrationFile, Learnt, fit_calibration
from deepfake.checkpoints import Calibrated
from deepfake.evaluation import evaluate_scores
from deepfake.report.results import write_metrics
from tests.calibration.drawn import drawn_videos

IMAGE = "<img src=x onerror=\"window.ran='image'\">.mp4"
SCRIPT = "</script><script>window.ran='script'</script>"
METHOD = "<b onmouseover=window.ran='method'>swap</b>"


def learnt_elsewhere() -> Calibrated:
    """Return a calibration of 120 videos of another table."""
    calibration = fit_calibration(*drawn_videos(60, 60)[:2], "platt")
    learnt = Learnt({"aggregate": "mean"}, {"videos": 120}, calibration)
    file = CalibrationFile(1, None, None, {"predictions": f"{SCRIPT}val.csv"}, "videos", (learnt,))
    return Calibrated(calibration, file, Path("own.calibration.json"))


def write_evaluation(folder: Path, calibrated: Calibrated | None = None) -> Path:
    """Write what an evaluation leaves, of 40 videos with two clips each, one of them without a score."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        fake = i % 2
        name = {1: IMAGE, 3: SCRIPT}.get(i, f"video{i}")
        method = (METHOD if i % 4 == 1 else "NA") if fake else "real"
        score = 0.02 if i in (1, 3) else float(rng.beta(4, 2) if fake else rng.beta(2, 4))
        clips = [(start, np.clip(score + 0.01 * start / 8, 0, 1)) for start in (0, 8)] if i < 39 else [(0, np.nan)]
        rows += [(name, fake, method, 0, start, clip) for start, clip in clips]
    clips = pd.DataFrame(rows, columns=["video_id", "label", "method", "track", "start", "score"])
    clips.dropna().to_csv(folder / "predictions.csv", index=False)
    outcome = evaluate_scores(clips, "exclude", 0, calibration=calibrated.calibration if calibrated else None)
    outcome.write(folder)
    data = {"corpus": "tiny<i>", "protocol": "none", "fingerprint": "0" * 16, "coverage": {"test": outcome.counts()}}
    facts = {"model": "meso4", "checkpoint": "best.ckpt", "trained_on": data, **outcome.facts()}
    if calibrated:
        facts["calibration"] = calibrated.facts()
    write_metrics(folder, outcome.metrics("test"), data, facts)
    _write_rest(folder, outcome.metrics("test")["test/video/auc"])
    return folder


def _write_rest(folder: Path, auc: float) -> None:
    """Write a test of robustness, learning curves, and the options of the command."""
    rows = [["clean", None, auc, ""], ["GB", 1, 0.8, ""], ["GB", 5, 0.6, ""], ["mix_3", None, 0.7, "blur,jpeg"]]
    table = pd.DataFrame(rows, columns=["type", "level", "video_auc", "trained_with"])
    ends = {"video_auc_low": table["video_auc"] - 0.2, "video_auc_high": (table["video_auc"] + 0.1).clip(upper=1)}
    table = table.assign(**ends, interval="DeLong")
    table.assign(clip_auc=0.7, num_real=20, num_fake=19).to_csv(folder / "robustness.csv", index=False)
    (folder / "csv").mkdir(exist_ok=True)
    epochs = {"epoch": [1, 2, 3], "step": [1, 2, 3], "train/loss_epoch": [0.7, 0.5, 0.4]}
    curves = pd.DataFrame({**epochs, "val/video/log_loss": [0.7, 0.6, 0.65], "val/video/auc": [0.5, 0.8, 0.8]})
    curves.to_csv(folder / "csv" / "metrics.csv", index=False)
    hydra = folder / ".hydra"
    hydra.mkdir(exist_ok=True)
    (hydra / "overrides.yaml").write_text(json.dumps(["data=demo", f"notes={SCRIPT}"]))
    (hydra / "hydra.yaml").write_text("hydra: {job: {name: evaluate}}")
    (hydra / "config.yaml").write_text(f"notes: {SCRIPT}\n")


def face(video_id: str, track: int, frame: int) -> np.ndarray:
    """Return a grey crop in place of a face."""
    return np.full((200, 200, 3), 128, np.uint8)


def beside_real(video_id: str, track: int, frame: int) -> dict[str, np.ndarray] | str:
    """Return a grey fake, a white real and a dark difference of fakes with a hostile name; other fakes have no real."""
    if video_id not in (IMAGE, SCRIPT):
        return "the corpus names no real"
    words = ("the fake", "its real", "fake minus real, 8 times enlarged, around grey")
    return {name: np.full((200, 200, 3), grey, np.uint8) for name, grey in zip(words, (128, 255, 64), strict=True)}
