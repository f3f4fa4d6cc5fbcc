"""Every kind of entry in every walked folder: each file is used once, and all others are reported."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfake.corpora.celebdf import CelebDF
from deepfake.corpora.dfo import DeeperForensics
from deepfake.corpora.files import scan
from deepfake.corpora.folder import Folder
from deepfake.corpora.input_files import look_into
from deepfake.corpora.walk import real_places, second_names, tree
from deepfake.errors import CorpusError
from tests.corpora import builders


def _linked(target: str) -> Callable[[Path], None]:
    return lambda top: (top / "link").symlink_to(target)


def _fifo(top: Path) -> None:
    os.mkfifo(top / "pipe.mp4")


def _socket(top: Path) -> None:
    here = Path.cwd()
    os.chdir(top)  # the path of a socket is limited to 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s.mp4")
    finally:
        os.chdir(here)


def _two_links(top: Path) -> None:
    for name in ("one", "two"):
        (top / name).symlink_to("../../elsewhere")


def _circle_outside(top: Path) -> None:
    (top / "link").symlink_to("../../elsewhere")
    (top / "../../elsewhere/back").symlink_to(top)
    (top / "../../elsewhere/self").symlink_to(".")


def _through_a_chain(top: Path) -> None:
    (top / "../../chain").symlink_to("elsewhere")
    (top / "link").symlink_to("../../chain")


def _hidden(top: Path) -> None:
    builders.touch(top, [".cache/x.mp4", ".Trash/deep/y.mp4"])
    (top / ".link").symlink_to("../../elsewhere")


# What is in <top> besides a.mp4 and sub/b.mp4 -> the videos that are found, and why others are not. Below
# <top>/../../elsewhere is c.mp4.
KINDS: dict[str, tuple[Callable[[Path], None], set[str], set[str]]] = {
    "nothing": (lambda top: None, set(), set()),
    "a linked folder": (_linked("../../elsewhere"), {"link/c.mp4"}, set()),
    "a chain of links": (_through_a_chain, {"link/c.mp4"}, set()),
    "two links to one folder": (_two_links, {"one/c.mp4"}, {"a second name"}),
    "a link to its folder": (_linked("."), set(), {"a link to a folder that it lies in"}),
    "a link to the parent": (_linked(".."), set(), {"a link to a folder that it lies in"}),
    "a link to the root": (_linked("/"), set(), {"a link to a folder that it lies in"}),
    "a link to a folder beside": (_linked("sub"), set(), {"a second name"}),
    "a circle outside": (_circle_outside, {"link/c.mp4"}, {"a link to a folder that it lies in"}),
    "a link to itself": (_linked("link"), set(), {"it cannot be read"}),
    "a dead link": (_linked("nowhere"), set(), {"a link that leads nowhere"}),
    "a linked file": (lambda top: (top / "d.mp4").symlink_to("../../elsewhere/c.mp4"), {"d.mp4"}, set()),
    "a link to a file beside": (lambda top: (top / "0.mp4").symlink_to("a.mp4"), set(), {"a second name"}),
    "hidden folders": (_hidden, set(), {"a hidden folder"}),
    "a pipe": (_fifo, set(), {"neither a file nor a folder"}),
    "a socket": (_socket, set(), {"neither a file nor a folder"}),
}


def _by_tree(top: Path) -> tuple[set[str], list[str]]:
    found = tree(top)
    return {path.relative_to(top).as_posix() for path in found.files}, [left.reason for left in found.left_out]


def _by_prediction(top: Path) -> tuple[set[str], list[str]]:
    videos, notes = look_into(top)
    return {path.relative_to(top).as_posix() for path in videos}, notes


def _by_folder(top: Path) -> tuple[set[str], list[str]]:
    builders.touch(top.parent / "fake", ["z.mp4"])
    listing = Folder(top.parent).listing()
    assert [v.path for v in listing.videos if v.label == 1] == [top.parent / "fake" / "z.mp4"]
    return {v.path.relative_to(top).as_posix() for v in listing.videos if v.label == 0}, list(listing.notes)


def _by_recordings(top: Path) -> tuple[set[str], list[str]]:
    root, _ = builders.dfo(top.parent.parent / "dfo")
    (root / "source_videos" / "M101").rename(root / "was")
    (root / "source_videos" / "M101").symlink_to(top)
    listing = DeeperForensics(root, reals="source_videos").listing()
    folder = root / "source_videos" / "M101"
    return {v.path.relative_to(folder).as_posix() for v in listing.videos if v.label == 0}, list(listing.notes)


WALKS = {"tree": _by_tree, "prediction": _by_prediction, "folder": _by_folder, "recordings": _by_recordings}


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_file_is_looked_at_once_and_all_else_is_said(kind: str, walk: str, tmp_path: Path) -> None:
    top = tmp_path / "corpus" / "real"
    builders.touch(tmp_path, ["corpus/real/a.mp4", "corpus/real/sub/b.mp4", "elsewhere/c.mp4"])
    make, found, reasons = KINDS[kind]
    make(top)
    files, notes = WALKS[walk](top)
    assert files == {"a.mp4", "sub/b.mp4"} | found
    for reason in reasons:
        assert any(reason in sentence for sentence in notes), (reason, notes)
    if not reasons:
        assert not any("not looked at" in sentence for sentence in notes)


def test_a_class_that_links_to_the_other_one_does_not_take_its_videos(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["real/a.mp4", "fake/roop/b.mp4"])
    (tmp_path / "real" / "all").symlink_to("..")
    (tmp_path / "real" / "mine").symlink_to("../fake")
    (tmp_path / "real" / "roop").symlink_to("../fake/roop")
    (tmp_path / "real" / "b.mp4").symlink_to("../fake/roop/b.mp4")
    listing = Folder(tmp_path).listing()
    assert [(v.video_id, v.label) for v in listing.videos] == [("fake/roop/b", 1), ("real/a", 0)]
    assert any("real/b.mp4 (a second name of fake/roop/b.mp4), and 1 more" in note for note in listing.notes)


def test_classes_that_are_links_themselves(tmp_path: Path) -> None:
    builders.touch(tmp_path / "disk", ["originals/a.mp4", "forged/b.mp4"])
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "real").symlink_to(tmp_path / "disk" / "originals")
    (tmp_path / "corpus" / "fake").symlink_to(tmp_path / "disk" / "forged")
    (tmp_path / "again").symlink_to(tmp_path / "corpus")
    assert [v.video_id for v in Folder(tmp_path / "again").listing().videos] == ["fake/b", "real/a"]


@pytest.mark.parametrize("kind", ["a linked file", "a dead link", "a pipe", "a socket", "a link to itself"])
def test_a_folder_of_a_published_corpus(kind: str, tmp_path: Path) -> None:
    builders.touch(tmp_path, ["x/y/0.mp4", "elsewhere/c.mp4"])
    make, found, reasons = KINDS[kind]
    make(tmp_path / "x" / "y")
    seen = scan(tmp_path, "x/y")
    assert {path.name for path in seen.files.values()} == {"0.mp4"} | found
    assert {left.reason.split(" (")[0] for left in seen.left_out} == reasons


def test_folders_in_a_folder_of_a_published_corpus_are_said(tmp_path: Path) -> None:
    builders.celebdf(tmp_path)
    builders.touch(tmp_path / "Celeb-real", ["more/id0_0007.mp4", "again/id0_0008.mp4"])
    note = "not looked at: Celeb-real/again (a folder, where only files are expected), and 1 more"
    assert note in CelebDF(tmp_path).listing().notes


def test_a_linked_folder_of_a_published_corpus_is_its_folder(tmp_path: Path) -> None:
    builders.celebdf(tmp_path / "disk")
    (tmp_path / "corpus").mkdir()
    for each in (tmp_path / "disk").iterdir():
        (tmp_path / "corpus" / each.name).symlink_to(each)
    ids = [v.video_id for v in CelebDF(tmp_path / "corpus").listing().videos]
    assert ids == [v.video_id for v in CelebDF(tmp_path / "disk").listing().videos]


def test_a_folder_that_cannot_be_read_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builders.touch(tmp_path, ["real/a.mp4", "real/closed/b.mp4", "fake/c.mp4"])
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert [path.name for path in look_into(tmp_path)[0]] == ["c.mp4", "a.mp4"]
    listing = Folder(tmp_path).listing()
    assert len(listing.videos) == 2
    assert any("real/closed (it cannot be read (Permission denied))" in note for note in listing.notes)
    with pytest.raises(CorpusError, match=r"closed cannot be read \(Permission denied\); let this user read it"):
        scan(tmp_path, "real/closed")


def test_a_file_that_may_not_be_read_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builders.touch(tmp_path, ["a.mp4", "b.mp4", "c.txt", "d", ".e.mp4"])
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "b.mp4")
    videos, notes = look_into(tmp_path)
    assert videos == [tmp_path / "a.mp4"]
    assert "not looked at: b.mp4 (this user may not read it)" in notes
    assert any("3 files without a video's or an image's suffix (1 .mp4, 1 .txt, 1 no suffix)" in line for line in notes)


def test_second_names(tmp_path: Path) -> None:
    builders.touch(tmp_path, ["a.mp4", "b.mp4", "folder/c.mp4"])
    (tmp_path / "0.mp4").symlink_to("a.mp4")
    (tmp_path / "linked").symlink_to("folder")
    paths = [tmp_path / name for name in ("0.mp4", "a.mp4", "b.mp4", "folder/c.mp4", "linked/c.mp4")]
    assert second_names(real_places(paths)) == {paths[0]: paths[1], paths[4]: paths[3]}
