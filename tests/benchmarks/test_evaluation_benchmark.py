"""The benchmark `evaluation` at a tiny size, and the numbers of its plain loop."""

import json
from pathlib import Path

import pytest

from benchmarks.evaluation.drawn import draw_clips
from benchmarks.evaluation.evaluation import show_evaluation
from benchmarks.evaluation.plain import plain_numbers
from deepfake.metrics.numbers import all_numbers
from tests.conftest import Run


def test_the_plain_loop_computes_what_ours_computes() -> None:
    clips = draw_clips(500, 6)
    ours, plain = all_numbers(clips.scores, clips.labels), plain_numbers(clips.scores, clips.labels)
    assert plain == pytest.approx(ours, rel=1e-9)


def test_what_was_not_measured_has_no_table(capfd: pytest.CaptureFixture[str]) -> None:
    show_evaluation({"setting": {"replicates": 9}})
    assert capfd.readouterr().out == ""


def test_the_whole_benchmark(script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ["evaluation.num_videos=[300,600]", "evaluation.clips_per_video=4", "evaluation.replicates=20"]
    options += ["evaluation.plain_replicates=2", "repeats=2", "hydra.run.dir=out"]
    assert script("benchmark", "benchmark=evaluation", *options) == 0
    numbers = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert numbers["ours"]["counts"] == [300, 600] and all(len(each) == 2 for each in numbers["ours"]["seconds"])
    assert numbers["plain"]["seconds"] > 0 and numbers["largest_difference"] < 1e-9
    assert numbers["plain_to_ours"] == pytest.approx(numbers["plain"]["seconds"] / numbers["ours"]["medians"][-1])
    assert numbers["memory_bytes"]["600"] >= numbers["memory_bytes"]["300"] >= numbers["memory_bytes"]["imports"] > 0
    shown = capfd.readouterr().out
    assert "2,400" in shown and "times ours" in shown
