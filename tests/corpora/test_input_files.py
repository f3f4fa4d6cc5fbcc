"""What a user gives to be scored: files, folders, patterns, lists, and what hostile ones there are."""

import os
from pathlib import Path

import pytest

from deepfake.corpora.input_files import input_files
from deepfake.errors import ConfigError
from tests.corpora import builders

HOSTILE = [
    " spaces and 'quotes\".mp4",
    "naïve 名.mp4",
    "two\nlines.mp4",
    "x" * 251 + ".mp4",
    "-leading.mp4",
    "<img src=x onerror=alert(1)>.mp4",
    "a[0]*.mp4",
    "\udcff.mp4",
]


def names(*given: str | Path) -> list[str]:
    return [file.name for file in input_files(given)]


def test_ids_of_files_keep_their_suffix_so_that_no_two_share_one(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["a.mp4", "a.avi", "b/a.MP4", "p.JPG", "q.webp", "r.png", "s.jpeg", "notes.txt"])
    assert names(tmp_path) == ["a.avi", "a.mp4", "b/a.MP4", "p.JPG", "q.webp", "r.png", "s.jpeg"]


def test_files_folders_patterns_and_lists_together_and_each_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    builders.touch(tmp_path, ["a.mp4", "b/c.mp4", "b/d/e.mp4", "b/x.csv", "lists/f.mp4", "odd.bin", "g.jpg"])
    (tmp_path / "lists" / "l.txt").write_bytes(b"f.mp4\r\n\n../b\nnowhere.mp4\n")
    monkeypatch.chdir(tmp_path)
    assert names("b/*.mp4") == ["b/c.mp4"]
    assert names("**/*.mp4") == ["a.mp4", "b/c.mp4", "b/d/e.mp4", "lists/f.mp4"]
    assert names("b/*") == ["b/c.mp4", "b/d/e.mp4"] and "1 files without a video's or an image's suffix" in caplog.text
    assert names("odd.bin") == ["odd.bin"]  # what is named itself is tried, whatever its suffix
    several = input_files(["a.mp4", "b", "lists/l.txt", "g.jpg", "./a.mp4"])
    paths = ["a.mp4", "b/c.mp4", "b/d/e.mp4", "lists/f.mp4", "lists/nowhere.mp4", "g.jpg"]
    assert [file.name for file in several] == paths
    assert [file.problem for file in several] == [*[""] * 4, "no such file", ""]


def test_hostile_names_and_things_that_are_no_files(tmp_path: Path) -> None:
    top = tmp_path / "in"
    builders.touch(top, HOSTILE)
    (top / "folder.mp4").mkdir()
    builders.touch(top / "folder.mp4", ["inside.mp4"])
    os.mkfifo(top / "pipe.mp4")
    (top / "loop.mp4").symlink_to("loop.mp4")
    (top / "dead.mp4").symlink_to("nowhere")
    (top / "up").symlink_to(".")
    found = {file.name: file.problem for file in input_files(top)}
    assert {name for name, problem in found.items() if not problem} == {*HOSTILE, "folder.mp4/inside.mp4"}
    problems = {name: problem for name, problem in found.items() if problem}
    assert problems == {
        "pipe.mp4": "neither a file nor a folder",
        "loop.mp4": "it cannot be read (Too many levels of symbolic links)",
        "dead.mp4": "a link that leads nowhere",
    }
    for name, problem in found.items():  # a name with brackets is a file before it is a pattern
        assert [(file.path, file.problem) for file in input_files(top / name)] == [(top / name, problem)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("none", "input=.*none does not exist: give a video file or a folder"),
        ("*.mp4", "holds no video or image"),
        ("empty", "holds no video or image .*.webp"),
    ],
)
def test_nothing_to_score_is_a_mistake(tmp_path: Path, given: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=words):
        input_files(tmp_path / given)
