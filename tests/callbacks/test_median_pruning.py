"""The median rule: a job ends early where it is below the median of what the others had reached by then."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepfake.callbacks import MedianPruning
from deepfake.errors import ConfigError

METRIC = "val/video/auc"


def job(sweep: Path, name: str, *aucs: float | None) -> Path:
    """Write the curve of a job, as Lightning does: rows of training steps, and one for each epoch that was scored."""
    folder = sweep / name / "csv"
    folder.mkdir(parents=True)
    rows = [f"{epoch},{'' if auc is None else auc},\n{epoch},,0.5" for epoch, auc in enumerate(aucs, 1)]
    (folder / "metrics.csv").write_text("\n".join([f"epoch,{METRIC},train/loss_step", *rows]) + "\n")
    return folder.parent


def pruning(path: Path, **options: Any) -> MedianPruning:
    return MedianPruning(path, path.parent, **{"min_jobs": 3, **options})


def test_a_job_below_the_median_ends(tmp_path: Path) -> None:
    for name, aucs in {"0": (0.6, 0.9), "1": (0.8, 0.5), "2": (0.4, 0.7)}.items():  # best by epoch 2: 0.9, 0.8, 0.7
        job(tmp_path, name, *aucs)
    behind = pruning(job(tmp_path, "3", 0.79, 0.75))
    assert behind.verdict(2) == f"after epoch 2: {METRIC} 0.790, the median of 3 other jobs is 0.800"
    assert behind.verdict(1) is None  # 0.79 against 0.6, 0.8, 0.4
    assert pruning(job(tmp_path, "4", 0.80, 0.1)).verdict(2) is None  # its best epoch counts; equal is not below


def test_only_jobs_that_reached_the_epoch_count(tmp_path: Path) -> None:
    for name in "012":
        job(tmp_path, name, 0.9, 0.9)
    (tmp_path / "4").mkdir()  # has logged nothing yet
    own = job(tmp_path, "3", 0.5, 0.5, 0.5)
    assert pruning(own).verdict(2) is not None
    assert pruning(own).verdict(3) is None
    assert pruning(own, min_jobs=4).verdict(2) is None  # itself it does not count


def test_an_undefined_or_missing_value_ends_nothing(tmp_path: Path) -> None:
    for name in "012":
        job(tmp_path, name, 0.9, None, 0.9)
    assert pruning(job(tmp_path, "3", 0.5, 0.5)).verdict(2) is None
    assert pruning(job(tmp_path, "4", 0.5, 0.5, None)).verdict(3) is None
    assert pruning(job(tmp_path, "5", 0.5), monitor="val/clip/auc").verdict(1) is None
    assert MedianPruning(tmp_path / "5", tmp_path / "nowhere", min_jobs=1).verdict(1) is None  # no job of a sweep


@pytest.mark.parametrize(
    ("epoch", "max_epochs", "stops"), [(1, 9, False), (2, 9, True), (3, 9, True), (3, 3, False), (3, -1, True)]
)
def test_it_asks_lightning_to_stop_and_leaves_a_note(tmp_path: Path, epoch: int, max_epochs: int, stops: bool) -> None:
    for name in "012":
        job(tmp_path, name, *[0.9] * 3)
    own = job(tmp_path, "3", *[0.5] * 3)
    strategy = SimpleNamespace(broadcast=lambda found: found)
    trainer: Any = SimpleNamespace(
        current_epoch=epoch - 1, max_epochs=max_epochs, is_global_zero=True, strategy=strategy, should_stop=False
    )
    pruning(own).on_train_epoch_end(trainer, None)  # type: ignore[arg-type]
    assert trainer.should_stop is stops
    assert (own / "pruned.txt").exists() is stops


@pytest.mark.parametrize("monitor", ["val/video/log_loss", "val/video/eer", "train/loss"])
def test_a_metric_of_which_less_is_better_is_refused(monitor: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"callbacks.pruning.monitor={monitor}: less of it is better"):
        pruning(tmp_path / "0", monitor=monitor)


@pytest.mark.parametrize(
    ("folder", "loggers", "said"),
    [
        ("sweep", ["csv"], ""),
        ("elsewhere", ["csv"], "no effect outside of a sweep"),
        ("sweep", ["deepfake"], "logs no csv/metrics.csv"),
        ("sweep", [], "logs no csv/metrics.csv"),
    ],
)
def test_it_says_where_it_has_no_effect(
    folder: str, loggers: list[str], said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer: Any = SimpleNamespace(is_global_zero=True, loggers=[SimpleNamespace(name=name) for name in loggers])
    callback = MedianPruning(tmp_path / folder / "0", tmp_path / "sweep")
    callback.on_fit_start(trainer, None)  # type: ignore[arg-type]
    assert said in caplog.text and bool(caplog.text) is bool(said)
