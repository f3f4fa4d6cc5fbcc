"""What would leave nothing to test is said before extraction; what was not scored is not counted as scored."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import TINY, Run


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["+trainer.fast_dev_run=true"], "trainer.fast_dev_run=True keeps no checkpoint"),
        (["+trainer.fast_dev_run=3"], "for a short trial use debug=fast"),
        (["~callbacks.best"], "callbacks.best is missing: it keeps the epoch that is tested"),
        (["+trainer.limit_val_batches=0"], "trainer.limit_val_batches=0: the best epoch is chosen by val videos"),
        (["+trainer.limit_train_batches=0.0"], "trainer.limit_train_batches=0.0: nothing would be trained"),
        (["+trainer.max_steps=0"], "trainer.max_steps is 0: give a whole number"),
        (["+trainer.check_val_every_n_epoch=3"], "check_val_every_n_epoch=3 is more than trainer.max_epochs=2"),
        (["+trainer.max_time='00:00:00:00'"], "trainer.max_time=00:00:00:00: nothing would be trained"),
        (
            ["callbacks.best.monitor=nothing"],
            "callbacks.best.monitor=nothing is not a metric that training logs: choose one of",
        ),
        (
            ["+callbacks.es={_target_:pytorch_lightning.callbacks.EarlyStopping,monitor:val/video/acu}"],
            "callbacks.es.monitor=val/video/acu is not a metric that training logs: choose one of",
        ),
        (["+trainer.enable_checkpointing=false"], "enable_checkpointing"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_is_said_before_extraction(
    options: list[str], message: str, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    faces = tmp_path / "faces"
    assert script("train", *TINY, *options, f"paths.faces_dir={faces}", "hydra.run.dir=run") == 1
    error = capfd.readouterr().err
    assert message in error and "Traceback" not in error
    assert not faces.exists()


def test_what_only_the_data_shows_is_one_line_as_well(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", *TINY, "+trainer.limit_train_batches=0.001", "hydra.run.dir=run") == 1
    error = capfd.readouterr().err
    assert "limit_train_batches" in error and "Traceback" not in error


def test_coverage_counts_what_was_scored(script: Run, tmp_path: Path) -> None:
    limits = ["+trainer.limit_test_batches=1", "+trainer.limit_val_batches=1", "loader.batch_size=4"]
    assert script("train", *TINY, "trainer.max_epochs=1", *limits, "hydra.run.dir=run") == 0
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    tested = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert len(tested) == 4
    coverage = content["data"]["coverage"]["test"]
    assert coverage["scored"] == tested["video_id"].nunique() < coverage["ok"]
    assert coverage["main_whole"] <= coverage["scored"]
    assert content["metrics"]["test/video/coverage"] == coverage["scored"] / coverage["videos"]
    assert content["data"]["coverage"]["val"]["scored"] <= 4
