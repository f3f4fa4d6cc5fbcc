"""The benchmark `store` at a tiny size, and its arithmetic."""

import json
import tempfile
from pathlib import Path

import pytest

from benchmarks.store.store import exponent, show_store
from benchmarks.store.tables import STEPS, _in_a_process, _use
from tests.conftest import Run


def test_exponents() -> None:
    counts = [10, 100, 1000]
    assert exponent(counts, [1.0, 1.0, 100.0]) == pytest.approx(2)
    assert exponent(counts, [1.0, 3.0, 3.0]) == 0
    assert exponent(counts, [1.0, 0.0, 3.0]) is None


def test_a_process_that_fails_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="the process of use ended without a result"):
        _in_a_process(_use, tmp_path / "empty")
    assert "Traceback" in capfd.readouterr().err


def test_what_was_not_measured_has_no_table(capfd: pytest.CaptureFixture[str]) -> None:
    show_store({"setting": {"crops_per_video": 8, "num_videos": 2}, "sizes": {}, "together": {}})
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_the_whole_benchmark(
    script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    options = ["store.sizes=[40,200]", "store.num_videos=3", "store.layout_videos=2", "store.processes=[1,2]"]
    assert script("benchmark", "benchmark=store", *options, "store.crop_size=64", "hydra.run.dir=out") == 0
    numbers = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert numbers["layout"]["archives"]["files"] == 2 and numbers["layout"]["a file per image"]["files"] == 64
    for count in ("1", "2"):
        assert numbers["together"][count]["writes"] == {"1": 3}  # each of the three videos once
    assert numbers["together"]["2"]["waited"] <= 3
    for found in numbers["sizes"].values():
        assert tuple(found["seconds"]) == STEPS and min(found["seconds"].values()) > 0
        assert found["memory_bytes"] >= found["imports_bytes"] > 50e6 and found["bytes"] > 1000
    assert not [*(tmp_path / "t").glob("deepfake-*")]
    shown = capfd.readouterr().out
    assert "exponent" in shown and "archives" in shown and "written once" in shown
