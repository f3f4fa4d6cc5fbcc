"""The main job on a miniature of every corpus, with clips of drawn people at the published paths."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
import pytest

from deepfake.corpora import Corpus
from deepfake.corpora.celebdf import CelebDF
from deepfake.corpora.dfdc import DFDC
from deepfake.corpora.dfo import DeeperForensics
from deepfake.corpora.ffpp import FaceForensics
from deepfake.corpora.folder import Folder
from deepfake.schema import Label
from tests.conftest import SHORT, Run
from tests.corpora import builders

COMMON = [*SHORT, "faces=mtcnn", "trainer.max_epochs=1", "model.size=64", "extract.num_workers=1"]


@pytest.fixture
def fill(demo_root: Path) -> Callable[[Corpus], None]:
    """Puts a clip in the place of every empty file, a real or a fake one, and no two files alike."""
    clips = {Label.REAL: sorted(demo_root.glob("real/*.mp4")), Label.FAKE: sorted(demo_root.glob("faceswap/*.mp4"))}

    def fill(corpus: Corpus) -> None:
        videos = corpus.listing().videos
        for i, video in enumerate(videos):
            source = clips[video.label][i % len(clips[video.label])]
            # An atom of free space, which decoders skip: another content, the same pixels.
            name = video.video_id.encode()
            video.path.write_bytes(source.read_bytes() + (8 + len(name)).to_bytes(4, "big") + b"free" + name)

    return fill


def celebdf(root: Path, fill: Callable[[Corpus], None]) -> list[str]:
    fill(CelebDF(builders.celebdf(root)))
    return [f"data.root={root}"]


def ffpp(root: Path, fill: Callable[[Corpus], None]) -> list[str]:
    methods = ["Deepfakes", "NeuralTextures"]
    fill(FaceForensics(builders.ffpp(root, methods), methods=methods))
    return [f"data.root={root}"]  # the yaml names two methods more, which this copy lacks


def dfo(root: Path, fill: Callable[[Corpus], None]) -> list[str]:
    dfo, ffpp = builders.dfo(root)
    fill(DeeperForensics(dfo, ffpp))
    return [f"data.root={dfo}", f"data.ffpp_root={ffpp}"]


def dfdc(root: Path, fill: Callable[[Corpus], None]) -> list[str]:
    fill(DFDC(builders.dfdc(root)))
    return [f"data.root={root}"]


def folder(root: Path, fill: Callable[[Corpus], None]) -> list[str]:
    fill(Folder(builders.folder(root)))
    return [f"data.root={root}", "data.name=mine"]


MINIATURES = {"celebdf": celebdf, "ffpp": ffpp, "dfo": dfo, "dfdc": dfdc, "folder": folder}
EXPECTED = {"celebdf": (15, 3), "ffpp": (24, 0), "dfo": (8, 0), "dfdc": (8, 0), "folder": (12, 0)}  # videos, dropped


def run_folder_is_whole(folder: Path, name: str) -> None:
    content = json.loads((folder / "metrics.json").read_text())
    num_videos, num_dropped = EXPECTED[name]
    coverage = content["data"]["coverage"]
    assert content["data"]["num_dropped"] == num_dropped
    assert sum(counts["videos"] for counts in coverage.values()) == num_videos - num_dropped
    assert all(counts["scored"] == counts["videos"] == counts["ok"] for counts in coverage.values())
    assert 0 <= content["metrics"]["test/video/auc"] <= 1
    assert (folder / "checkpoints" / "best.ckpt").exists() and (folder / "roc.png").exists()
    assert pd.read_csv(folder / "predictions.csv")["video_id"].nunique() == coverage["test"]["videos"]


def slow(names: Iterable[str]) -> list:
    return [name if name == "folder" else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", slow(MINIATURES))
def test_training_runs_on_every_corpus(name: str, fill: Callable[[Corpus], None], script: Run, tmp_path: Path) -> None:
    options = MINIATURES[name](tmp_path / "corpus", fill)
    options += ["hydra.run.dir=run", f"paths.faces_dir={tmp_path / 'faces'}"]
    assert script("train", *COMMON, f"data={name}", *options) == 0
    run_folder_is_whole(tmp_path / "run", name)


@pytest.mark.slow
def test_a_sweep_over_corpora_takes_their_roots_from_the_environment(
    fill: Callable[[Corpus], None], script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("celebdf", "ffpp"):
        MINIATURES[name](tmp_path / name, fill)
        monkeypatch.setenv(f"DEEPFAKE_{name.upper()}", str(tmp_path / name))
    dfo, _ = builders.dfo(tmp_path / "dfo")
    fill(DeeperForensics(dfo, tmp_path / "ffpp"))
    monkeypatch.setenv("DEEPFAKE_DFO", str(dfo))
    options = [f"paths.faces_dir={tmp_path / 'faces'}", "hydra.sweep.dir=sweep"]
    assert script("train", "-m", *COMMON, "data=celebdf,ffpp,dfo", *options) == 0
    assert sorted(pd.read_csv(tmp_path / "sweep" / "sweep.csv")["job"]) == [0, 1, 2]
    corpora = [
        json.loads((tmp_path / "sweep" / job / "metrics.json").read_text())["data"]["corpus"] for job in ("0", "1", "2")
    ]
    assert corpora == ["celebdf", "ffpp", "dfo"]


def test_a_root_that_is_nowhere_named_is_one_clear_line(
    script: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPFAKE_DFO", raising=False)
    assert script("train", *COMMON, "data=dfo") == 1
    error = capfd.readouterr().err
    assert "error: data.root is not set: add data.root=VALUE to the command, or set the variable DEEPFAKE_DFO" in error
    assert "Traceback" not in error
