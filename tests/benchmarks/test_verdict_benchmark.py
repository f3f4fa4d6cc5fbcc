"""The benchmark `predict`: what follows from its times, and all of it at a tiny size."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.verdict.verdicts import APART, conclude, show_verdicts
from tests.conftest import Run

SETTING = {"device": "cpu", "cores": 2}
PARTS = {"decode": 0.5, "detect": 0.5, "link and crop": 3.0, "load and forward": 0.25}


@pytest.mark.parametrize(("device", "floor"), [("cpu", 0.625), ("cuda", 0.5)])
def test_on_a_cpu_parts_share_the_cores_and_on_a_gpu_the_slowest_counts(device: str, floor: float) -> None:
    one = [{"seconds": seconds} for seconds in (9.0, 6.0, 5.0)]
    numbers: dict[str, Any] = {
        "setting": {**SETTING, "device": device},
        "parts": PARTS,
        "verdicts": {"seconds_per_video": 1.0},
        "commands": {"one": one, "many": {"seconds": 8.0, "files": 4}},
    }
    conclude(numbers)
    assert numbers["floor"] == floor and numbers["verdict_to_floor"] == 1 / floor
    assert numbers["commands"]["one_to_many"] == 3.0  # 6 s in a command of its own, 2 s in one with others


def test_what_was_not_measured_has_no_table(capfd: pytest.CaptureFixture[str]) -> None:
    numbers: dict[str, Any] = {"setting": SETTING}
    conclude(numbers)
    show_verdicts(numbers)
    assert numbers["verdict_to_floor"] is None and capfd.readouterr().out == ""


@pytest.mark.slow
def test_the_whole_benchmark(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["num_videos=1", "seconds=2", "height=240", "width=320", "repeats=1", "sizes=[1,2]", "device=cpu"]
    options += ["verdict.calls=1", "verdict.files=2", "hydra.run.dir=out"]
    assert script("benchmark", "benchmark=predict", *options) == 0
    numbers = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert numbers["verdicts"]["counts"] == [1, 2] and "failed" not in numbers
    assert numbers["floor"] == pytest.approx(
        sum(numbers["parts"][name] for name in APART) / numbers["setting"]["cores"]
    )
    commands = numbers["commands"]
    assert commands["many"]["files"] == 2 and 0 < commands["help"][0]["cpu_seconds"] < commands["one"][0]["cpu_seconds"]
    assert "in a command of its own" in capfd.readouterr().out
