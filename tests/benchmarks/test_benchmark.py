"""A benchmark never loses measured numbers: parts that fail, an interruption, and unknown slopes.

The measurements are made up here; slow tests in the other files run real ones.
"""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from benchmarks.benchmark import INTERRUPTED
from benchmarks.faces import extraction
from benchmarks.faces.memory import Peak
from benchmarks.growth import Growth
from tests.conftest import Run
from tests.run.processes import handlers_given_back

PARTS = {
    "time_plain": "plain loop",
    "time_ours": "extraction",
    "time_decoding": "decoding alone",
    "time_fakes": "fakes with their reals' boxes",
    "time_parts": "parts of a video's time",
}


def clip(cfg: object, folder: Path) -> list[Path]:
    path = folder / "0.mp4"
    path.write_bytes(b"12345")
    return [path]


def time_plain(setting: object, paths: object, seconds: list[float]) -> dict[Any, Any]:
    seconds += [8.0, 6.0, 7.0]
    return {("000", 0): [0] * 9}


def time_ours(setting: object, paths: object, folder: object, keep: Any) -> Any:
    keep(Growth([1, 2], [[3.0], [5.0]]))
    return SimpleNamespace(crops=lambda: pd.DataFrame())


def time_decoding(setting: object, paths: object, keep: Any) -> float:
    keep(Growth([1, 2], [[2.0], [3.0]]))
    return 0.75


def time_fakes(setting: object, paths: object, folder: object, keep: Any) -> float:
    keep(Growth([1, 2], [[2.0], [3.5]]))
    return 1.0


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark `extraction` of one video of 10 seconds that is never extracted."""
    replaced: dict[str, Any] = {
        "make_setting": lambda cfg, faces: SimpleNamespace(recipe=SimpleNamespace(num_segments=1, segment_length=8)),
        "clips": clip,
        "_describe": lambda setting, paths: {
            "num_workers": 2,
            "num_videos": 1,
            "height": 240,
            "width": 320,
            "video_seconds": 10.0,
            "frames_of_the_first": 8,
        },
        "time_plain": time_plain,
        "time_ours": time_ours,
        "time_decoding": time_decoding,
        "time_fakes": time_fakes,
        "time_parts": lambda setting, paths, folder: {"decode": 1.0, "detect": 3.0},
        "stored_boxes": lambda store: {},
        "share_found": lambda wanted, found: 0.5,
        "prolong": lambda path, target, minutes: target.write_bytes(b"long"),
        "enlarge": lambda path, target, height, num_frames: target.write_bytes(b"large"),
        "peak_memory": lambda setting, path, folder: Peak(2**20, 2**21),
    }
    for name, value in replaced.items():
        monkeypatch.setattr(extraction, name, value)


def fails(error: BaseException) -> Any:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    return fail


def numbers_of(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "out" / "benchmark.json").read_text())


@pytest.fixture
def run(script: Run, tmp_path: Path) -> Run:
    return lambda *words: script("benchmark", *words, f"paths.output_dir={tmp_path / 'out'}")


@pytest.mark.parametrize("words", [["benchmark=nonsense"], []])
def test_an_unknown_benchmark(run: Run, capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(*words) == 1
    named = "'nonsense'" if words else "null"
    assert (
        f"error: benchmark is {named}: choose one of extraction, training, store, evaluation, predict, finders"
        in capfd.readouterr().err
    )


def test_whole(run: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("benchmark=extraction") == 0
    numbers = numbers_of(tmp_path)
    assert numbers["plain"]["seconds_per_video"] == 7.0
    # 10 s of video at 7 s, 2 s and 1 s a video.
    assert numbers["ratios"] == {"ours_to_plain": pytest.approx(3.5), "ours_to_decode": pytest.approx(0.5)}
    assert numbers["fakes"]["over_decoding"] == pytest.approx(0.5)
    assert numbers["decode"]["start_up_s"] == 0.75
    assert "failed" not in numbers and "interrupted" not in numbers
    shown = capfd.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines() if line[:1] in "│┃┏└")
    assert "could not be measured" not in shown and "not measured" not in shown


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_fails_leaves_the_others(
    run: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(extraction, part, fails(ValueError("no luck")))
    assert run("benchmark=extraction") == 1
    shown, numbers = capfd.readouterr(), numbers_of(tmp_path)
    assert f"{PARTS[part]} could not be measured (ValueError: no luck); the other parts continue\n" in shown.err
    assert f"error: a part is missing: {PARTS[part]}" in shown.err and "Traceback" not in shown.err
    assert numbers["failed"][PARTS[part]]["error"] == "ValueError: no luck"
    measured = {"time_plain": "7", "time_ours": "3.00, 5.00", "time_decoding": "2.00, 3.00", "time_fakes": "2.00, 3.50"}
    assert all(figure in shown.out for other, figure in measured.items() if other != part)
    assert list(numbers["memory"]) == ["clip", "long", "large"] and "peak memory" in shown.out


def test_memory_of_the_long_video_that_fails(
    run: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "prolong", fails(OSError(28, "No space left on device")))
    assert run("benchmark=extraction") == 1
    shown = capfd.readouterr()
    assert "memory of the long video could not be measured (OSError: [Errno 28] No space" in shown.err
    assert list(numbers_of(tmp_path)["memory"]) == ["clip", "large"]
    assert "7" in shown.out and "│ large │" in shown.out and "│ long" not in shown.out


def test_an_interruption_leaves_what_was_measured(
    run: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(setting: object, paths: object, keep: Any) -> None:
        keep(Growth([1], [[2.25]]))
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(extraction, "time_decoding", interrupted)
    with handlers_given_back():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert run("benchmark=extraction") == INTERRUPTED
    shown, numbers = capfd.readouterr(), numbers_of(tmp_path)
    assert "interrupted during decoding alone" in shown.err and "Traceback" not in shown.err
    assert numbers["interrupted"] == "decoding alone" and "memory" not in numbers
    assert numbers["decode"]["medians"] == [2.25] and numbers["decode"]["seconds_per_video"] is None
    assert numbers["ratios"] == {"ours_to_plain": pytest.approx(3.5), "ours_to_decode": None}
    assert "3.00, 5.00" in shown.out and "2.25" in shown.out


def test_nothing_is_left_of_a_run_that_measured_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "clips", fails(KeyboardInterrupt()))
    assert run("benchmark=extraction") == INTERRUPTED
    assert not (tmp_path / "out" / "benchmark.json").exists()


def test_an_unknown_slope_is_reported(
    run: Run, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flat(setting: object, paths: object, folder: object, keep: Any) -> Any:
        keep(Growth([1, 2], [[3.0], [2.9]]))
        return time_ours(setting, paths, folder, lambda growth: None)

    monkeypatch.setattr(extraction, "time_ours", flat)
    assert run("benchmark=extraction") == 0
    shown, numbers = capfd.readouterr(), numbers_of(tmp_path)
    assert numbers["ours"]["medians"] == [3.0, 2.9] and numbers["ours"]["seconds_per_video"] is None
    assert numbers["ratios"] == {"ours_to_plain": None, "ours_to_decode": None}
    assert "3.00, 2.90" in shown.out and "unknown" in shown.out
    assert "The cost of a video is unknown for ours: more videos took no more time; raise num_videos" in shown.out
