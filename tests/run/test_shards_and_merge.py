"""`scripts/extract.py`: a corpus in parts, merged; options that do not fit."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import SMALL_DEMO, Run

OPTIONS = [*SMALL_DEMO, "faces.num_segments=1", "paths.faces_dir=faces", "extract.num_workers=1"]


def test_a_corpus_in_two_parts_is_merged_by_the_run_without(
    script: Run, demo_root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("extract", *OPTIONS, "extract.num_shards=2", "extract.shard_index=1") == 0
    shown = capfd.readouterr()
    assert "shard 1 of 2 is done" in shown.out + shown.err and "frames" in shown.out
    (store,) = (tmp_path / "faces" / "demo").iterdir()
    assert not (store / "videos.csv").exists()
    stored = {path: path.stat().st_mtime_ns for path in (store / "crops").rglob("*.zip")}

    assert script("extract", *OPTIONS, "extract.only_merge=true") == 1
    assert f"of 33 videos are not in {store.relative_to(tmp_path)}" in capfd.readouterr().err
    assert len(pd.read_csv(store / "videos.csv")) == len(stored) < 33

    assert script("extract", *OPTIONS) == 0
    assert len(pd.read_csv(store / "videos.csv")) == 33
    assert stored.items() <= {path: path.stat().st_mtime_ns for path in (store / "crops").rglob("*.zip")}.items()
    assert (store / "contact_sheet.jpg").exists()
    capfd.readouterr()

    assert script("extract", *OPTIONS, "extract.only_merge=true") == 0  # says again what became of them
    shown = capfd.readouterr()
    assert "unreadable" in shown.out and "extra/truncated" in shown.out + shown.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["extract.num_shards=3"], "extract.num_shards=3 and extract.shard_index=null: the index must be from 0 to 2"),
        (["extract.num_shards=2", "extract.shard_index=2"], "the index must be from 0 to 1"),
        (["extract.num_shards=0"], "extract.num_shards is 0: give a whole number, 1 or more"),
        (
            ["extract.num_shards=2", "extract.shard_index=0", "extract.only_merge=true"],
            "merges all shards: leave out extract.shard_index",
        ),
        (["extract.num_workers=0"], "extract.num_workers is 0: give a whole number from 1"),
        (["faces.detect_every=0"], "faces.detect_every is 0: give a whole number from 1"),
    ],
)
def test_options_that_do_not_fit_are_named(
    options: list[str], message: str, script: Run, demo_root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("extract", *SMALL_DEMO, "paths.faces_dir=faces", *options) == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith("error: ") and message in error and "\n" not in error


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("extract.reader=ffmpeg", "choose one of auto, av"),
        ("data.main_face=oldest", "choose one of largest, changed"),
        ("data.tracks=some", "choose one of main, all"),
    ],
)
def test_what_is_no_choice_is_refused_though_it_changes_nothing_stored(
    option: str, choices: str, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("extract", *SMALL_DEMO, "faces.num_segments=2", option) == 1
    assert choices in capfd.readouterr().err
