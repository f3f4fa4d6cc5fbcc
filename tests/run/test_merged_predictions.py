"""`scripts/predict.py` in shards, joined: as if it had been one run."""

import os
from pathlib import Path

import pandas as pd
import pytest

from deepfake.verdict.journal import NAME
from tests.conftest import Run

WRITTEN = ("predictions.csv", "faces.csv", "predictions.json", "timeline.parquet", "report.html")
SOURCES = ("real/p04_a", "extra/two_people", "extra/no_face", "extra/truncated")
SHARDS = ("extract.num_shards=2", "extract.shard_index")


@pytest.fixture
def common(model: Path, demo_root: Path, tmp_path: Path) -> list[str]:
    """Options of all commands; the files belong to both of two shards."""
    (tmp_path / "clips").mkdir()
    for source in SOURCES:
        content = (demo_root / f"{source}.mp4").read_bytes()
        (tmp_path / "clips" / f"{Path(source).name}.mp4").write_bytes(content)
    return [f"checkpoint={model}", "input=clips", "extract.num_workers=1"]


def names(folder: Path) -> list[str]:
    return [Path(path).name for path in pd.read_csv(folder / "predictions.csv")["path"]]


def test_shards_are_joined_and_what_they_lack_is_scored(
    common: list[str], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("predict", *common, "output=whole") == 3  # one is cut off
    assert script("predict", *common, SHARDS[0], f"{SHARDS[1]}=0", "output=parts/0") in (0, 3)
    first = names(tmp_path / "parts" / "0")
    assert 0 < len(first) < len(SOURCES)
    capfd.readouterr()

    assert script("predict", *common, "merge=parts", "output=all", "extract.only_merge=true") == 1
    shown = capfd.readouterr()
    lacking = sorted({f"{Path(source).name}.mp4" for source in SOURCES}.difference(first))
    assert f"{len(lacking)} files have no result of what they are now: {lacking[0]}" in shown.err
    assert f"{len(first)} results are new here, of 1 journals" in shown.out
    assert names(tmp_path / "all") == first and (tmp_path / "all" / "report.html").exists()

    assert script("predict", *common, SHARDS[0], f"{SHARDS[1]}=1", "output=parts/1") in (0, 3)
    journal = tmp_path / "parts" / "1" / NAME
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-5])  # as a kill leaves it
    last = names(tmp_path / "parts" / "1")[-1]
    capfd.readouterr()
    assert script("predict", *common, "merge=[parts/0,parts,parts/1]", "output=joined") == 3
    shown = capfd.readouterr().out
    assert "3 results are new here, of 2 journals" in shown and "3 of 4 files have their results" in shown
    assert journal.read_bytes() == whole[:-5]  # it is only read
    assert last not in first
    for name in WRITTEN:
        assert (tmp_path / "joined" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

    journal.write_bytes(whole)
    assert script("predict", *common, "merge=parts", "output=parts/joined", "extract.only_merge=true") == 3
    assert script("predict", *common, "merge=parts", "output=parts/joined", "extract.only_merge=true") == 3  # again
    assert "0 results are new here, of 2 journals" in capfd.readouterr().out
    for name in WRITTEN:
        assert (tmp_path / "parts" / "joined" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

    sweep = [SHARDS[0], f"{SHARDS[1]}=range(2)", "output=swept/${extract.shard_index}"]
    assert script("predict", "-m", *common, *sweep) == 1  # as in one job a file cannot be read
    assert script("predict", *common, "merge=swept", "output=all", "overwrite=true", "extract.only_merge=true") == 3
    assert (tmp_path / "all" / "predictions.json").read_bytes() == (
        tmp_path / "whole" / "predictions.json"
    ).read_bytes()
    capfd.readouterr()

    assert script("predict", *common, "merge=parts", "tracks=main", "output=other") == 1
    error = capfd.readouterr().err
    assert f"parts/0/{NAME} has predictions" in error and "(tracks is main, there all): leave it out of merge=" in error
    assert not list((tmp_path / "other").glob("predictions*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["merge=clips"], f"merge=clips holds no {NAME}, which scripts/predict.py writes: leave it out of merge="),
        (["merge=[]"], "merge is []: give a path"),
        (["extract.only_merge=true"], "extract.only_merge=true takes results over and scores nothing: say with merge="),
        (["merge=clips", *SHARDS[:1], f"{SHARDS[1]}=0"], "leave out extract.num_shards and shard_index"),
    ],
)
def test_what_cannot_be_joined_is_named_and_nothing_is_written(
    options: list[str], message: str, common: list[str], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("predict", *common, "output=out", *options) == 1
    error = capfd.readouterr().err.strip()
    assert message in error and "Traceback" not in error
    assert not list((tmp_path / "out").glob("predictions*"))


def test_a_copy_with_boxes_of_an_older_result_is_not_kept(
    common: list[str], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "clips" / "two_people.mp4"
    alone = [common[0], f"input={file}", common[2]]
    assert script("predict", *alone, "output=out", "annotate=true") == 0
    (copy,) = (tmp_path / "out" / "annotated").iterdir()
    os.utime(file, (1, 1))
    assert script("predict", *alone, "output=part") == 0
    capfd.readouterr()
    assert script("predict", *alone, "merge=part", "output=out", "extract.only_merge=true") == 0
    assert "1 results here were of earlier files or had failed, and are replaced" in capfd.readouterr().out
    assert not copy.exists()
