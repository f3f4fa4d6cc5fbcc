"""Every hostile name x every table and command: it is kept, it reads back, and it does nothing to the terminal."""

import csv
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from deepfake.command.entry import entry_point
from deepfake.corpora.folder import Folder
from deepfake.names import as_id, as_path, as_text, shown
from deepfake.report.contact_sheet import Tile, contact_sheet
from deepfake.report.plots import Subject, roc_figure, save, score_figure
from deepfake.report.reasons import log_reasons, log_remarks
from deepfake.report.tables import print_line, show, show_facts, show_metrics, show_paths
from deepfake.schema import Status
from tests.conftest import SHORT, Run
from tests.corpora import builders

HOSTILE = [
    "[red]x",
    "[/x]",
    "[bold",
    "x[/]",
    "\\[link=a]b",
    ":smile:",
    "a\x1b[2J\x1b[31mb",
    "a\rb",
    "a\nb",
    "a\x07\x08\x7fb",
    "a\x9b31mb",
    "a\u202eb",
    "a\u2028b",
    "a\udcffb",
    "a\udcc3",
    "%s %d {x} %0D",
    "=1+1,\"q\",'s'",
    "$x^{",
    "_x$",
    "名é",
    " blank ",
    "a:b",
    "-x",
    "x" * 240,
    "\r" * 200,
]
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")
IDS = [ascii(name)[:30] for name in HOSTILE]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which no name is folded."""
    monkeypatch.setenv("COLUMNS", "3000")


def _remarks(name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"status": [Status.FAILED], "reason": [name], "remarks": [name]},
        index=pd.Index([name], dtype=object),
        dtype=object,
    )


PRINTERS: dict[str, Callable[[str], None]] = {
    "cell": lambda name: show("t", ["c"], [[name], [1]]),
    "title": lambda name: show(name, ["c"], [[1]]),
    "column": lambda name: show("t", [name], [[1]]),
    "caption": lambda name: show("t", ["c"], [[1]], name),
    "fact": lambda name: show_facts(name, {name: name}),
    "row of lines": lambda name: show("t", ["c", "w" * 3000], [[name, 1], [1, name]]),
    "line": print_line,
    "path": lambda name: show_paths({"run": Path("runs") / name}),
    "metric": lambda name: show_metrics({f"test/video/{name.replace('/', '|')}": 0.5}, {}),
}


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("name", HOSTILE, ids=IDS)
def test_what_is_printed(name: str, printer: str, capsys: pytest.CaptureFixture[str]) -> None:
    PRINTERS[printer](name)
    printed = capsys.readouterr().out
    assert not DANGEROUS.search(printed)
    expected = name.replace("/", "|") if printer == "metric" else name
    assert _solid(shown(expected)) in _solid(printed)  # titles are folded to the width of their table


def _solid(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("say_it", [log_reasons, log_remarks])
@pytest.mark.parametrize(
    "name", [name for name in HOSTILE if "\\udc" not in ascii(name)], ids=lambda name: ascii(name)[:30]
)
def test_what_is_logged(
    name: str, say_it: Callable[[pd.DataFrame, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    entry_point(lambda cfg: None)(OmegaConf.create({}))  # what makes log lines fit for a terminal
    with caplog.at_level(logging.INFO):
        say_it(_remarks(name), "videos.csv")
    assert shown(name) in caplog.text and not DANGEROUS.search(caplog.text)


@pytest.mark.parametrize("name", HOSTILE, ids=IDS)
def test_what_is_drawn(name: str, tmp_path: Path) -> None:
    assert contact_sheet([Tile(name, name, reason=name, found=name)], name, [name]).height > 100
    videos = pd.DataFrame({"label": [0, 1, 1], "method": ["real", as_text(name), "other"], "score": [0.1, 0.9, 0.8]})
    figure = roc_figure(videos, Subject(name, "test", name))
    assert len(figure.legends[0].get_texts()) == 3
    save(figure, tmp_path / "roc.png")
    save(score_figure(videos, Subject(name, "test", name)), tmp_path / "scores.png")


def _corpus(root: Path, clips: dict[str, list[Path]]) -> dict[str, Path]:
    """A folder in which files, methods and folders are called so; the names that files of it have -> themselves."""
    made = {}
    for i, name in enumerate(HOSTILE):
        split, label = ("train", "val", "test")[i % 3], ("real", "fake")[i // 3 % 2]
        folder = f"{split}/{label}" + (f"/{name}" if label == "fake" else "")
        path = root / folder / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        source = clips[label][i % len(clips[label])]
        # An atom of free space, which decoders skip: another content, the same pixels.
        path.write_bytes(source.read_bytes() + (12).to_bytes(4, "big") + b"free" + i.to_bytes(4, "big"))
        made[f"{folder}/{name}.mp4"] = path
    return made


@pytest.fixture
def clips(demo_root: Path) -> dict[str, list[Path]]:
    return {"real": sorted(demo_root.glob("real/*.mp4")), "fake": sorted(demo_root.glob("faceswap/*.mp4"))}


def test_the_folder_corpus_has_them_all(clips: dict[str, list[Path]], tmp_path: Path) -> None:
    made = _corpus(tmp_path, clips)
    videos = Folder(tmp_path).listing().videos
    ids = {video.path: video.video_id for video in videos}
    assert ids.keys() == set(made.values())
    for name, path in made.items():  # one is too long when it is escaped, and is cut
        assert ids[path] == as_text(name.removesuffix(".mp4")) or len(ids[path]) < 240
    with (tmp_path / "videos.csv").open("w", newline="") as file:
        rows = [(video.video_id + video.path.suffix, video.label.name.lower()) for video in videos]
        csv.writer(file).writerows([("path", "label"), *rows])
    again = Folder(tmp_path / "videos.csv").listing()
    readable = [path for path, id_ in ids.items() if "-" not in id_[-20:]]
    assert set(readable) <= {video.path for video in again.videos} and len(readable) == len(HOSTILE) - 2


@pytest.mark.usefixtures("wide")
def test_predicting_them(
    model: Path, clips: dict[str, list[Path]], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = _corpus(tmp_path / "in", clips)
    builders.touch(tmp_path / "in", ["[red]/notes.txt", ".\x1b[2J/a.mp4"])
    (tmp_path / "in" / "\x1b[2J").symlink_to("nowhere")
    (tmp_path / "in" / "[bad].mp4").write_text("no video")
    options = ["loader.num_workers=0", "extract.num_workers=1", "faces.num_segments=1", "output=out"]
    assert script("predict", f"checkpoint={model}", "input=in", *options) == 3  # one is no video
    table = pd.read_csv(tmp_path / "out" / "predictions.csv", keep_default_na=False)
    assert {as_path(path) for path in table["path"]} == {f"in/{name}" for name in [*made, "[bad].mp4"]}
    assert table["status"].value_counts().to_dict() == {"ok": len(made), "unreadable": 1}
    captured = capfd.readouterr()
    assert not DANGEROUS.search(captured.out)
    assert not DANGEROUS.search(re.sub("\r|\x1b\\[A", "", captured.err))  # those are the progress bars'
    for name in made:
        assert shown(name).strip() in captured.out
    for line in (
        "\\x1b[2J (a link that leads nowhere)",
        ".\\x1b[2J (a hidden folder)",
        "without a video's or an image's suffix",
    ):
        assert line in captured.out + captured.err


@pytest.mark.slow
@pytest.mark.usefixtures("wide")
def test_training_and_testing_on_them(
    clips: dict[str, list[Path]], script: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = _corpus(tmp_path / "corpus", clips)
    corpus = ["data=folder", "data.root=corpus", f"paths.faces_dir={tmp_path / 'faces'}", "extract.num_workers=1"]
    train = [*SHORT, *corpus, "faces=mtcnn", "trainer.max_epochs=1", "hydra.run.dir=run", "faces.num_segments=1"]
    assert script("inventory", *corpus[:2], "content=true") == 0
    assert script("train", *train) == 0
    assert script("evaluate", "checkpoint=run/checkpoints/best.ckpt", *corpus, "hydra.run.dir=again") == 0
    tested = {as_id(name.removesuffix(".mp4")) for name in made if name.startswith("test/")}
    for folder in ("run", "again"):
        table = pd.read_csv(tmp_path / folder / "predictions.csv", keep_default_na=False)
        assert set(table["video_id"]) == tested
    store = next((tmp_path / "faces" / "folder").iterdir())
    videos = pd.read_csv(store / "videos.csv", keep_default_na=False)
    assert {as_path(path) for path in videos["path"]} == {os.path.abspath(path) for path in made.values()}
    captured = capfd.readouterr()
    assert not DANGEROUS.search(captured.out)
    assert not DANGEROUS.search(re.sub("\r|\x1b\\[A", "", captured.err))
    logs = [path.read_text() for path in tmp_path.glob("*/*.log")]
    assert logs and not any(DANGEROUS.search(log) for log in logs)
