"""Our launchers compose, name a plugin that is missing, and extract a corpus in shards."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from deepfake.corpora.demo import DemoCorpus
from tests.conftest import REPOSITORY, SMALL_DEMO, Run
from tests.test_configs import CONF, composed

# Our option -> the plugin, and the plugin's own option.
LAUNCHERS = {
    "shards_joblib": ("hydra_plugins.hydra_joblib_launcher", "joblib"),
    "shards_ray": ("hydra_plugins.hydra_ray_launcher", "ray"),
    "shards_slurm": ("hydra_plugins.hydra_submitit_launcher", "submitit_slurm"),
}


def test_every_launcher_is_listed_here() -> None:
    assert {path.stem for path in (CONF / "hydra" / "launcher").glob("*.yaml")} == set(LAUNCHERS)


@pytest.mark.parametrize("primary", ["extract", "train"])
@pytest.mark.parametrize("option", LAUNCHERS)
def test_a_launcher_composes_whether_or_not_it_is_installed(option: str, primary: str) -> None:
    launcher = composed(f"hydra/launcher={option}", primary=primary, hydra=True).hydra.launcher
    assert launcher._target_.startswith(f"{LAUNCHERS[option][0]}.")


@pytest.mark.parametrize("option", LAUNCHERS)
def test_a_plugin_knows_every_option_that_ours_sets(option: str) -> None:
    module, original = LAUNCHERS[option]
    pytest.importorskip(module)
    launcher = composed(f"hydra/launcher={option}", hydra=True).hydra.launcher
    schema = ConfigStore.instance().load(f"hydra/launcher/{original}.yaml").node
    ours = OmegaConf.create(OmegaConf.to_container(launcher, resolve=False))  # type: ignore[arg-type]
    assert OmegaConf.merge(schema, ours)._target_ == schema._target_
    assert launcher._target_ in Plugins.instance().class_name_to_class


@pytest.mark.parametrize(
    ("option", "extra"), [("shards_joblib", "joblib"), ("shards_ray", "ray"), ("shards_slurm", "slurm")]
)
def test_a_launcher_that_is_not_installed_names_the_cure(
    option: str, extra: str, script: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        Plugins.instance(),
        "class_name_to_class",
        {k: v for k, v in Plugins.instance().class_name_to_class.items() if LAUNCHERS[option][0] not in k},
    )
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # the callback sets it; this restores it afterwards
    assert script("extract", "-m", f"hydra/launcher={option}", "data=demo") == 1
    cure = f"uv sync --extra {extra}, or pip install -e '.[{extra}]'"
    assert capfd.readouterr().err == f"error: hydra/launcher={option} needs a plugin: {cure}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "module"),
    [
        ("shards_joblib", "hydra_plugins.hydra_joblib_launcher"),
        ("shards_ray", "hydra_plugins.hydra_ray_launcher"),
        ("submitit_local", "hydra_plugins.hydra_submitit_launcher"),  # as on Slurm, but without Slurm
    ],
)
def test_two_shards_make_one_store(option: str, module: str, demo: DemoCorpus, data_dir: Path, tmp_path: Path) -> None:
    pytest.importorskip(module)
    videos = {
        video.video_id for video in demo.listing().videos if video.method != "flicker"
    }  # as `data.methods` has it

    def extract(*arguments: str) -> subprocess.CompletedProcess[str]:
        # A separate process, since warnings of plugins are not ours to fix, and Ray ends with the process.
        script = str(REPOSITORY / "scripts" / "extract.py")
        options = [*SMALL_DEMO, "faces=mtcnn", "faces.num_segments=2", "paths.faces_dir=faces", "extract.num_workers=1"]
        environment = {**os.environ, "DEEPFAKE_DATA": str(data_dir)}
        done = subprocess.run(
            [sys.executable, script, *arguments, *options],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-3000:]  # Hydra's own code is 1 if any job failed
        return done

    shards = ["extract.num_shards=2", "extract.shard_index=0,1", "hydra.sweep.dir=sweep"]
    extract("-m", f"hydra/launcher={option}", *shards)
    for shard in ("0", "1"):
        overrides = OmegaConf.load(tmp_path / "sweep" / shard / ".hydra" / "overrides.yaml")
        assert f"extract.shard_index={shard}" in overrides
    (store,) = (tmp_path / "faces" / "demo").iterdir()
    stored = {path: path.stat().st_mtime_ns for path in (store / "crops").rglob("*.zip")}
    assert {path.relative_to(store / "crops").with_suffix("").as_posix() for path in stored} == videos

    assert not (store / "videos.csv").exists()
    after = extract()
    assert "extracting faces" not in after.stderr
    assert {path: path.stat().st_mtime_ns for path in (store / "crops").rglob("*.zip")} == stored
    assert set(pd.read_csv(store / "videos.csv", dtype=str)["video_id"]) == videos
    assert (store / "contact_sheet.jpg").exists()
