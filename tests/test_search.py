"""`search=optuna`: what it searches exists, and a study keeps its trials, survives failed ones and can go on."""

import sqlite3
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins

from tests.conftest import TINY, Run
from tests.test_configs import CONF, composed

SEARCH = yaml.safe_load((CONF / "search" / "optuna.yaml").read_text())
CURE = "error: hydra/sweeper=optuna needs a plugin: uv sync --extra optuna, or pip install -e '.[optuna]'\n"


def has_optuna() -> bool:
    return find_spec("hydra_plugins") is not None and find_spec("hydra_plugins.hydra_optuna_sweeper") is not None


needs_optuna = pytest.mark.skipif(not has_optuna(), reason="optuna is an extra")


def test_every_value_that_is_searched_composes() -> None:
    for name, values in SEARCH["hydra"]["sweeper"]["params"].items():
        override = OverridesParser.create().parse_override(f"{name}={values}")
        found = override.value()
        tried = [found.start, found.end] if override.is_interval_sweep() else override.sweep_string_iterator()
        for value in tried:
            composed(f"{name}={value}", "callbacks=pruning")


@pytest.mark.parametrize("asked", ["search=optuna", "hydra/sweeper=optuna"])
@pytest.mark.skipif(has_optuna(), reason="the plugin is installed")
def test_without_the_plugin_its_cure_is_named(asked: str, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "-m", asked) == 1
    assert capfd.readouterr().err == CURE


def test_a_job_that_falls_behind_is_ended_and_measured(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for other in ("7", "8"):
        (tmp_path / "sweep" / other / "csv").mkdir(parents=True)
        rows = [f"{epoch},1.1" for epoch in (1, 2, 3)]  # above what can be
        (tmp_path / "sweep" / other / "csv" / "metrics.csv").write_text("\n".join(["epoch,val/video/auc", *rows]))
    rule = ["callbacks=pruning", "callbacks.pruning.min_jobs=2", "callbacks.pruning.min_epochs=1"]
    tiny = [*TINY, "trainer.max_epochs=3", "model.size=64", "test=false", "hydra.sweep.dir=sweep"]
    assert script("train", "-m", *tiny, *rule) == 0
    assert not (tmp_path / "sweep" / "0" / "checkpoints" / "epoch_002.ckpt").exists()
    (row,) = pd.read_csv(tmp_path / "sweep" / "sweep.csv").to_dict("records")
    assert row["state"].startswith("done; ended early after epoch 1: val/video/auc ") and row["val/video/auc"] <= 1
    assert "the median of 2 other jobs is 1.100" in "".join(capfd.readouterr())


@needs_optuna
def test_a_study_does_not_overrule_a_recipe_in_silence(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "-m", "search=optuna", "experiment=demo/sbi") == 1
    error = capfd.readouterr().err
    assert "error: this search tries its own values of augment and loss, so experiment=demo/sbi would not be" in error
    assert "Traceback" not in error


@needs_optuna
def test_the_plugin_knows_every_option_that_ours_sets() -> None:
    cfg = composed("search=optuna", hydra=True)
    sweeper = cfg.hydra.sweeper
    assert sweeper._target_ in Plugins.instance().class_name_to_class
    assert sweeper.direction == "maximize" and sweeper.sampler.seed == 0
    assert set(sweeper.params) == set(SEARCH["hydra"]["sweeper"]["params"])


@needs_optuna
def test_a_search_is_not_resumed_as_a_sweep(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "-m", "search=optuna", "sweep.resume=sweep") == 1
    goes_on = "hydra.sweeper.storage=sqlite:///sweep/study.db hydra.sweeper.sampler.seed=1"
    assert f"a study goes on in a new folder, with {goes_on}" in capfd.readouterr().err
    assert not (tmp_path / "sweep").exists()


@needs_optuna
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Optuna 2 and of SQLAlchemy, which are not ours to fix
def test_a_study_keeps_its_trials_and_goes_on(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = ["search=optuna", *TINY, "trainer.max_epochs=1", "model.size=64", "test=false", "augment=none"]
    size = "model.size=choice(64,-1)"  # fails where a trial draws -1
    assert script("train", *tiny, "hydra.sweep.dir=first", "hydra.sweeper.n_trials=3", size) == 0
    table = pd.read_csv(tmp_path / "first" / "sweep.csv", dtype=str)
    assert len(table) == 3 and table["overrides"].str.contains("optimizer.lr=").all()
    states = trials(tmp_path / "first" / "study.db")
    failed = table["overrides"].str.contains("model.size=-1")
    assert states.count("FAIL") == failed.sum() and states.count("COMPLETE") == (~failed).sum()
    assert "Best value" in "".join(capfd.readouterr())

    study = "hydra.sweeper.storage=sqlite:///first/study.db"
    assert script("train", *tiny, "hydra.sweep.dir=second", study, "hydra.sweeper.n_trials=1") == 0
    assert len(trials(tmp_path / "first" / "study.db")) == 4 and (tmp_path / "second" / "0" / "metrics.json").is_file()

    every = [*tiny, "hydra.sweep.dir=third", "hydra.sweeper.n_trials=2", "model.size=-1"]
    assert script("train", *every) == 1
    shown = "".join(capfd.readouterr())
    assert "error: every trial of this search failed; its table says why" in shown
    assert "Traceback" not in shown


def trials(database: Path) -> list[str]:
    """Return the state of each trial of a study."""
    with sqlite3.connect(database) as connection:
        found = [state for (state,) in connection.execute("select state from trials")]
    connection.close()
    return found
