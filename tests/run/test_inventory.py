import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from deepfake.corpora.celebdf import CelebDF
from deepfake.run.inventory import inventory
from tests.corpora import builders

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return builders.celebdf(tmp_path / "celebdf")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[list[str]]]:
    """Runs the stage and returns what it printed, a list of words a line."""

    def run(*overrides: str) -> list[list[str]]:
        with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
            cfg = compose("inventory", overrides=[*overrides, f"paths.output_dir={tmp_path / 'out'}"])
        inventory(cfg)
        return [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]

    return run


def test_found_against_published(run: Callable[..., list[list[str]]], root: Path) -> None:
    lines = run("data=celebdf", f"data.root={root}")
    assert ["Celeb-real", "7", "590", "-583"] in lines
    assert ["YouTube-real", "2", "300", "-298"] in lines
    assert ["Celeb-synthesis", "6", "5639", "-5633"] in lines
    assert ["List_of_testing_videos.txt,", "fake", "3", "340", "-337"] in lines
    assert ["train", "real", "real", "4", "3", "0.00"] in lines
    assert ["test", "fake", "Celeb-synthesis", "2", "4", "0.00"] in lines
    assert ["none", "real", "real", "1", "1", "0.00"] in lines
    assert ["on", "disk", "15", "videos,", "0.00", "MB;", "2", "other", "files", "ignored"] in lines
    assert ["in", "no", "split", "3", "videos"] in lines
    assert ["audit", "train", "and", "test", "share", "1", "people", "(id2)"] in lines


def test_missing_videos(run: Callable[..., list[list[str]]], root: Path, tmp_path: Path) -> None:
    fakes = [f"0 Celeb-synthesis/id4_id5_{number:04}.mp4\n" for number in range(100, 120)]
    with (root / "List_of_testing_videos.txt").open("a") as file:
        file.write("\n" + "".join(fakes))
    missing = sorted(CelebDF(root).listing().missing)
    assert len(missing) == 22

    lines = run("data=celebdf", f"data.root={root}")
    assert [[name] in lines for name in missing] == [True] * 10 + [False] * 12
    assert ["and", "12", "more", "(verbose=true", "shows", "all)"] in lines
    with (tmp_path / "out" / "missing.csv").open() as file:
        assert [row["missing"] for row in csv.DictReader(file)] == missing

    lines = run("data=celebdf", f"data.root={root}", "verbose=true")
    assert all([name] in lines for name in missing)


def test_a_leak_through_file_contents_fails(run: Callable[..., list[list[str]]], root: Path) -> None:
    with pytest.raises(Exception, match="the splits leak: .*files with one content"):  # all miniature files are empty
        run("data=celebdf", f"data.root={root}", "content=true")


def test_what_cannot_be_known_is_said_not_to_be_known(
    run: Callable[..., list[list[str]]], root: Path, tmp_path: Path
) -> None:
    def audit(*overrides: str) -> list[str]:
        return [" ".join(line[1:]) for line in run(*overrides) if line[:1] == ["audit"]]

    builders.touch(tmp_path / "mine", [f"{label}/{i}.mp4" for label in ("real", "fake") for i in range(11)])
    compared = "file contents were not compared (content=true does)"
    assert audit("data=folder", f"data.root={tmp_path / 'mine'}") == [
        "the splits share no video",
        "who is seen in 22 of 22 videos is not known: the splits may share more",
        "which real video 11 of 11 fakes were made from is not known: the splits may share more",
        compared,
    ]
    assert audit("data=celebdf", f"data.root={root}", "data.protocol=identity") == [
        "the splits share no video, source video or person",
        "who is seen in 2 of 14 videos is not known: the splits may share more",
        compared,
    ]
    ffpp = builders.ffpp(tmp_path / "ffpp")
    assert audit("data=ffpp", f"data.root={ffpp}") == [
        "the splits share no video, source video or person",
        compared,
    ]


def test_a_file_that_is_gone_costs_no_other(
    run: Callable[..., list[list[str]]], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def gone(path: Path, **options: bool) -> os.stat_result:
        if path.name == "id0_0000.mp4":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", gone)
    assert ["on", "disk", "15", "videos,"] in [line[:4] for line in run("data=celebdf", f"data.root={root}")]


def test_as_a_command(root: Path, tmp_path: Path) -> None:
    def script(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(REPOSITORY / "scripts" / "inventory.py"), *arguments]
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    shown = script("data=celebdf", f"data.root={root}", "verbose=true")
    assert shown.returncode == 0, shown.stderr
    assert len(list(tmp_path.glob("outputs/inventory/celebdf/*/missing.csv"))) == 1

    (root / "List_of_testing_videos.txt").unlink()
    broken = script("data=celebdf", f"data.root={root}")
    assert broken.returncode == 1
    assert "List_of_testing_videos.txt is missing; it belongs to the download of Celeb-DF" in broken.stderr
    assert "Traceback" not in broken.stderr

    assert script("--help").returncode == 0


def test_many_files_take_no_time(tmp_path: Path) -> None:
    folder = tmp_path / "Celeb-synthesis"
    folder.mkdir()
    (tmp_path / "List_of_testing_videos.txt").write_text(builders.CELEBDF_LIST)
    (folder / "id0_id1_000000.mp4").touch()
    for number in range(1, 20_000):
        os.link(folder / "id0_id1_000000.mp4", folder / f"id0_id1_{number:06}.mp4")
    start = time.perf_counter()
    assert len(CelebDF(tmp_path).listing().videos) == 20_000
    assert time.perf_counter() - start < 5  # 0.6 s on an idle core
