"""Every kind of damage to every list of every corpus gives one error that names the file and the cure."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from deepfake.corpora import Corpus
from deepfake.corpora.celebdf import LIST, CelebDF
from deepfake.corpora.demo import DemoCorpus
from deepfake.corpora.dfdc import DFDC
from deepfake.corpora.dfo import DeeperForensics
from deepfake.corpora.ffpp import FaceForensics
from deepfake.corpora.folder import Folder
from deepfake.corpora.lists import read_rows, read_text
from deepfake.errors import CorpusError
from tests.conftest import DEMO
from tests.corpora import builders


def _celebdf(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    builders.celebdf(root)
    return root / LIST, lambda: CelebDF(root)


def _ffpp(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    builders.ffpp(root)
    return root / "splits" / "val.json", lambda: FaceForensics(root)


def _dfo(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    dfo, ffpp = builders.dfo(root)
    return dfo / "lists" / "splits" / "train.txt", lambda: DeeperForensics(dfo, ffpp)


def _dfdc_part(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    builders.dfdc(root)
    return root / "dfdc_train_part_1" / "metadata.json", lambda: DFDC(root)


def _dfdc_test(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    builders.dfdc(root)
    return root / "test" / "labels.csv", lambda: DFDC(root)


def _folder(root: Path) -> tuple[Path, Callable[[], Corpus]]:
    builders.touch(root, ["a.mp4", "b.mp4"])
    (root / "x.csv").write_text("path,label\na.mp4,real\nb.mp4,fake\n")
    corpus = Folder(root / "x.csv")
    return root / "x.csv", lambda: corpus


LISTS = {
    "celebdf": _celebdf,
    "ffpp": _ffpp,
    "dfo": _dfo,
    "dfdc part": _dfdc_part,
    "dfdc test": _dfdc_test,
    "folder": _folder,
}
DAMAGES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\n",
    "no text": b"\xff\xfe\x00\x01" * 50,
    "zeros": b"\0" * 100,
    "numbers": b"[1, 2]",
    "null": b"null",
    "a number": b"7",
    "a word": b'"abc"',
    "a table": b'{"a": 1}',
    "a table of lists": b'{"a.mp4": ["FAKE"], "b.mp4": {"label": ["FAKE"]}}',
    "another type": b'{"a.mp4": {"label": "FAKE", "original": 7}}',
    "short pairs": b'[["000"]]',
    "pairs of numbers": b"[[1, 2]]",
    "pairs of lists": b'[[["000"], ["001"]]]',
    "a list of words": b'["ab", "cd"]',
    "deep": b"[" * 200_000,
    "half a bracket": b'[["000", "0',
    "a long field": b"filename,path,label\nx" + b"a" * 200_000 + b",a.mp4,0\n",
    "an open quote": b'filename,path,label\n"x.mp4,a.mp4,0\n',
    "another header": b"id,class\na.mp4,real\n",
    "too many columns": b"filename,path,label\nx.mp4,a.mp4,0,7\n",
    "other labels": b"filename,path,label\nx.mp4,a.mp4,perhaps\n",
    "escapes": b"\x1b[2J\r\x07\n",
}


@pytest.mark.parametrize("damage", [*DAMAGES, "missing", "a folder"])
@pytest.mark.parametrize("name", LISTS)
def test_a_damaged_list_is_one_error(name: str, damage: str, tmp_path: Path) -> None:
    path, corpus = LISTS[name](tmp_path)
    corpus().listing()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(DAMAGES[damage])
    if (name, damage) == ("folder", "a folder"):
        pytest.skip("a folder is a corpus too")
    with pytest.raises(CorpusError) as caught:
        corpus().listing()
    message = str(caught.value)
    assert str(path) in message and len(message.splitlines()) == 1 and len(message) < 1000


def test_a_damaged_table_of_the_demo(demo_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "demo"
    shutil.copytree(demo_root, root)
    table, whole = root / "videos.csv", (root / "videos.csv").read_text()
    header, first, *others = whole.splitlines()
    for content in ("", header, f"{header}\n{first},more", "\n".join([header, first, *others, first]), whole[:-30]):
        table.write_text(content)
        corpus = DemoCorpus(root, num_workers=1, **DEMO)  # type: ignore[arg-type]
        with pytest.raises(CorpusError, match=r"videos\.csv.*remove .*so that it is generated again"):
            corpus.listing()


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError(13, "Permission denied"), "Permission denied"), (OSError(5, "Input/output error"), "output")],
)
def test_a_list_that_the_machine_does_not_hand_over(
    error: OSError, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(CorpusError, match=rf"list\.txt cannot be read \(.*{words}.*\); unpack it"):
        read_text(tmp_path / "list.txt", "unpack it")


def test_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes('\ufeffpath,label\r\n" a, b.mp4 ",real\r\n\r\n"two\nlines",fake\r\nc\r\n'.encode())
    rows = list(read_rows(path, ("path", "label"), "cure"))
    assert rows == [
        (2, {"path": "a, b.mp4", "label": "real"}),
        (5, {"path": "two\nlines", "label": "fake"}),
        (6, {"path": "c", "label": ""}),
    ]
