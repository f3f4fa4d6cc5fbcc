"""The stage: what it leaves, and that it leaves nothing where something is wrong."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir

from deepfake import load_detector
from deepfake.checkpoints import read_checkpoint
from deepfake.errors import DeepfakeError, ExportError
from deepfake.export import hub
from deepfake.export.formats import FORMATS
from deepfake.run import export as stage
from tests.checkpoints.test_checkpoint import content
from tests.conftest import REPOSITORY, SMALL_DEMO, Run

Export = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Runs the stage on a fresh meso4 and returns the folder that it was to write."""

    def run(kind: str, *overrides: str, output: str = "out") -> Path:
        torch.save(content(), tmp_path / "a.ckpt")
        given = [f"checkpoint={tmp_path / 'a.ckpt'}", f"format={kind}", f"output={tmp_path / output}"]
        with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
            cfg = compose("export", overrides=[*given, "paths.output_dir=.", *overrides])
        stage.export(cfg)
        return tmp_path / output

    return run


def test_safetensors(export: Export, tmp_path: Path) -> None:
    out = export("safetensors")
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "card.json", "model.safetensors"]
    assert read_checkpoint(out / "model.safetensors").digest == read_checkpoint(tmp_path / "a.ckpt").digest
    with pytest.raises(Exception, match=r"output=\S+out holds model.safetensors already: delete it, or"):
        export("safetensors")


def test_a_file_that_disagrees_is_not_left(export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(FORMATS["safetensors"], open=lambda path: lambda clips: load_detector(path)(clips) + 1)
    monkeypatch.setitem(FORMATS, "safetensors", wrong)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="model.safetensors disagrees with the checkpoint: a logit differs by 1"):
        export("safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


def test_mistakes_are_told_before_any_work(export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match=r"is the name of a file: give a folder, in which the file will be model.onnx"):
        export("onnx", output="best.onnx")
    with pytest.raises(Exception, match="push_to_hub is 'name'"):
        export("safetensors", "push_to_hub=name")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Exception, match=r"format=onnx needs the packages onnx.*: uv sync --extra export") as error:
        export("onnx")
    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


def test_without_a_login_nothing_is_written(export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(repository: str) -> None:
        raise ExportError(f"push_to_hub={repository}: nobody is logged in")

    monkeypatch.setattr(stage, "require_login", refuse)
    with pytest.raises(Exception, match="push_to_hub=me/mine: nobody is logged in"):
        export("safetensors", "push_to_hub=me/mine")
    assert not (tmp_path / "out").exists()


def test_what_is_published(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: list[object] = []

    def push(repository: str, files: dict[str, Path], *, private: bool) -> str:
        pushed.extend([repository, sorted(files), private, all(path.is_file() for path in files.values())])
        return "https://hub/me/mine"

    monkeypatch.setattr(stage, "require_login", lambda repository: None)
    monkeypatch.setattr(stage, "push", push)
    export("safetensors", "push_to_hub=me/mine")
    assert pushed == ["me/mine", ["README.md", "card.json", "model.safetensors"], True, True]
    assert issubclass(ExportError, DeepfakeError) and hub.push is not push


@pytest.mark.slow
def test_predictions_agree(
    model: Path, demo_root: Path, script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    assert script("export", f"checkpoint={model}", "format=[onnx,safetensors]", "output=exported") == 0
    assert "| AUC" in (tmp_path / "exported" / "README.md").read_text()
    scores = []
    for name, path in (("a", model), ("b", Path("exported/model.safetensors")), ("c", Path("exported/model.onnx"))):
        arguments = [f"checkpoint={path}", f"input={demo_root / 'real' / 'p04_a.mp4'}", "extract.num_workers=1"]
        assert script("predict", *arguments, f"output={name}") == 0
        scores.append(pd.read_csv(tmp_path / name / "predictions.csv")["score"][0])
    assert scores[0] == scores[1] and scores[2] == pytest.approx(scores[0], abs=1e-4)
    capfd.readouterr()
    assert script("predict", "checkpoint=exported/model.onnx", f"input={demo_root}/real", "explain=true") == 1
    assert "explain needs gradients, which exported/model.onnx has none of" in capfd.readouterr().err
    tested = []
    for name, path in (("d", model), ("e", "exported/model.safetensors"), ("f", "exported/model.onnx")):
        arguments = [*SMALL_DEMO, f"checkpoint={path}", "loader.num_workers=0", "extract.num_workers=1"]
        assert script("evaluate", *arguments, f"hydra.run.dir={name}") == 0
        tested.append(pd.read_csv(tmp_path / name / "predictions.csv")["score"])
    assert tested[0].tolist() == tested[1].tolist()
    assert tested[2].tolist() == pytest.approx(tested[0].tolist(), abs=1e-4)
