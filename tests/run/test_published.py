"""Celeb-DF as papers train on it: what its test shares with the training is said wherever a number stands."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfake.checkpoints import read_checkpoint
from deepfake.corpora import Corpus
from deepfake.corpora.celebdf import CelebDF
from deepfake.hydra_callbacks.sweep_table import sweep_table
from tests.conftest import Run
from tests.corpora import builders
from tests.run.test_corpora import COMMON, fill  # noqa: F401  # a fixture

SHARED = "shared with test: the source videos of 2 val videos"


@pytest.mark.slow
def test_shared_sources_stand_in_log_card_and_tables(
    fill: Callable[[Corpus], None],  # noqa: F811
    script: Run,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    root = builders.celebdf(tmp_path / "corpus")
    fill(CelebDF(root))
    corpus = ["data=celebdf", f"data.root={root}", f"paths.faces_dir={tmp_path / 'faces'}"]
    published = [*COMMON, *corpus, "data.protocol=published"]

    assert script("inventory", *corpus[:2], "data.protocol=published") == 0
    assert _solid(SHARED) in _solid(capfd.readouterr().out)
    assert script("train", *published, "hydra.run.dir=sweep/0") == 0
    output = capfd.readouterr().out
    assert "protocol published, sources shared with test: 2 of val; these videos show scenes of the test" in output
    assert _solid(SHARED) in _solid(output.partition("test video")[2])
    assert _data(tmp_path / "sweep" / "0") == {"protocol": "published", "shared_sources": {"val": 2}}
    best = tmp_path / "sweep" / "0" / "checkpoints" / "best.ckpt"
    card = read_checkpoint(best).card
    assert card["data"]["shared_sources"] == {"val": 2}

    assert script("train", *COMMON, *corpus, "hydra.run.dir=sweep/1") == 0
    assert SHARED not in capfd.readouterr().out
    assert _data(tmp_path / "sweep" / "1") == {"protocol": "source_disjoint", "shared_sources": {}}
    remarks = sweep_table(tmp_path / "sweep").set_index("job")["remarks"]
    assert remarks.to_dict() == {"0": SHARED, "1": ""}

    evaluated = ["loader.num_workers=0", "extract.num_workers=1", "hydra.run.dir=again"]
    assert script("evaluate", f"checkpoint={best}", *corpus, *evaluated) == 0
    assert _solid(f"trained with protocol published; {SHARED}") in _solid(capfd.readouterr().out)
    metrics = json.loads((tmp_path / "again" / "metrics.json").read_text())
    assert metrics["trained_on"]["shared_sources"] == {"val": 2} and metrics["data"]["shared_sources"] == {}


def _data(folder: Path) -> dict[str, object]:
    data = json.loads((folder / "metrics.json").read_text())["data"]
    return {key: data[key] for key in ("protocol", "shared_sources")}


def _solid(text: str) -> str:
    return "".join(text.split())
