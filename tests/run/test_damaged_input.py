"""A folder of damaged files, hostile names and things that are no files: each costs only itself, and has its row."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd
import pytest

from deepfake.names import as_path
from deepfake.verdict import FileResult, load_predictor
from tests.conftest import Run
from tests.verdict.damage import damaged, whole_files

GOOD = [
    " with spaces.mp4",
    'it\'s "quoted".mkv',
    "naïve 名.avi",
    "two\nlines.webm",
    "x" * 251 + ".mp4",
    "-leading.jpg",
    "<img src=x onerror=alert(1)>.mp4",
    "\udcff.png",
    "folder.mp4/=1+1.webp",
]
# Their decoders make a picture of nearly any bytes and there are no checksums, so damage may go unnoticed.
UNNOTICED = (".webm", ".avi", ".jpg", ".webp")
NO_FILES = ["pipe.mp4", "loop.mp4", "dead.mp4", "zero.mp4", "socket.mp4"]


@contextmanager
def hostile_folder(folder: Path, whole: dict[str, Path], num_damaged: int) -> Iterator[dict[str, str]]:
    """Fill a folder; yield the name of each file -> `good`, `bad` or `damaged`."""
    for name in GOOD:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(whole[name.rpartition(".")[2]], folder / name)
    os.mkfifo(folder / "pipe.mp4")
    for name, leads_to in (("loop", "loop.mp4"), ("dead", "nowhere"), ("zero", "/dev/zero")):
        (folder / f"{name}.mp4").symlink_to(leads_to)
    (folder / "empty.mp4").touch()
    (folder / "empty.webp").touch()
    made = dict.fromkeys([*NO_FILES, "empty.mp4", "empty.webp"], "bad")
    if os.geteuid():  # root may read everything
        (folder / "closed.mp4").write_bytes(whole["mp4"].read_bytes())
        (folder / "closed.mp4").chmod(0)
        made["closed.mp4"] = "bad"
    for name, content in damaged(whole, num_damaged):
        (folder / name).write_bytes(content)
        made[name] = "damaged"
    here = os.open(".", os.O_RDONLY)
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        os.chdir(folder)  # the path of a socket may have a hundred bytes
        try:
            listening.bind("socket.mp4")
        finally:
            os.fchdir(here)
            os.close(here)
        yield {**dict.fromkeys(GOOD, "good"), **made}


def says_what_is_lost(row: pd.Series, whole: FileResult) -> bool:
    """Whether a row tells that the file is not what it was."""
    return bool(row["reason"]) or (row["num_sampled"], row["num_frames"]) != (whole.num_sampled, whole.num_frames)


@pytest.mark.parametrize("num_damaged", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_each_costs_only_itself(num_damaged: int, model: Path, script: Run, tmp_path: Path) -> None:
    whole = whole_files(tmp_path / "whole")
    with hostile_folder(tmp_path / "in", whole, num_damaged) as made:
        assert script("predict", f"checkpoint={model}", "input=in", "extract.num_workers=2", "output=out") == 3
    table = pd.read_csv(tmp_path / "out" / "predictions.csv", keep_default_na=False)
    names = [as_path(path).removeprefix("in/") for path in table["path"]]
    table.index = pd.Index(names, dtype=object)  # one is no Unicode
    assert sorted(names) == sorted(made)
    document = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert [each["path"] for each in document["files"]] == table["path"].tolist()

    predictor = load_predictor(model, device="cpu")
    alone = {Path(each.path).suffix: each for each in predictor.predict_many([tmp_path / "whole"])}
    assert predictor.predict(whole["mp4"]) == alone[".mp4"]
    kind = pd.Series([made[name] for name in names], table.index)
    for name, row in table[kind == "good"].iterrows():
        assert float(row["score"]) == alone[Path(str(name)).suffix].score, name
    bad = table[kind == "bad"]
    assert (bad["because"] == "unreadable").all() and (bad["reason"] != "").all()
    without = table[table["score"] == ""]
    assert (without["verdict"] == "inconclusive").all() and (without["reason"] != "").all()
    for name, row in table[kind == "damaged"].iterrows():
        suffix = Path(str(name)).suffix
        same = row["score"] == "" or float(row["score"]) == alone[suffix].score
        assert same or says_what_is_lost(row, alone[suffix]) or suffix in UNNOTICED, name
