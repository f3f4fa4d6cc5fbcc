"""Hostile video names: each gets its own archive inside the store, or a clear refusal."""

import unicodedata
from pathlib import Path

import pytest

from deepfake.errors import StoreError
from deepfake.store import FaceStore, names
from deepfake.store.archive import read_archive
from tests.store.made import RECIPE, all_faces, complete, corpus, faces_of, new, require_truth

STORED = [
    "a",
    "A",
    "a/b/c/d",
    " spaces  in it ",
    "trailing.",
    "..twodots",
    "a..b",
    ".hidden",
    "percent%20%2F%00",
    "line\nbreak",
    "tab\tand\rreturn",
    "quote\"s and 'others', comma,semicolon;",
    "back\\slash",
    "C:\\windows\\path",
    "CON",
    "nul.txt",
    "aux/com1",
    "star*question?<pipe|>colon:",
    "bell\a and \x1b[31m",
    "日本語/ビデオ",
    "עברית",
    "emoji 😀",
    unicodedata.normalize("NFC", "Bjørk é"),
    unicodedata.normalize("NFD", "Bjørk é"),
    "crops/crops",
    "tables/manifest.json",
    "a.zip",
    "a.zip.zip",
    "video.json",
    "000",
    "1e5",
    "nan",
    "None",
    "-rf",
    "=1+1",
    "{brace}",
    "$HOME",
    "~root",
    "x" * 251,
    "x" * 252,
    "x" * 1000,
    "ü" * 200,
    "long/" + "y" * 600 + "/" + "z" * 600,
    "long/" + "y" * 601 + "/" + "z" * 600,
]
REFUSED = ["", "/", "/absolute", "a//b", "a/", ".", "..", "../a", "a/../b", "a/..", "./a", "a/./b", "a\0b", "bad\udcff"]


def files_for(tmp_path: Path, video_ids: list[str]) -> dict[str, Path]:
    """Make a plainly named file for each id, since a disk may not allow the id as a name."""
    return dict(zip(video_ids, corpus(tmp_path / "corpus", *map(str, range(len(video_ids)))).values(), strict=True))


def test_each_has_an_archive_of_its_own_inside_the_store(tmp_path: Path) -> None:
    paths = files_for(tmp_path, STORED)
    store = new(tmp_path / "store")
    assert complete(store, paths) == sorted(STORED)
    archives = {store.archive_path(video_id) for video_id in STORED}
    assert len(archives) == len(STORED)
    assert {path.resolve() for path in (tmp_path / "store/crops").rglob("*.zip")} == archives
    for video_id in STORED:
        assert read_archive(store.archive_path(video_id), video_id).row.video_id == video_id
        assert len(store.image(video_id, 0, 3)) == 6
    require_truth(store, paths)
    again = new(tmp_path / "store")
    assert again.todo(paths) == {} and list(again.videos().index) == sorted(STORED)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "store"]


def test_a_long_name_does_not_depend_on_what_else_there_is(tmp_path: Path) -> None:
    store = FaceStore(tmp_path, RECIPE)
    path = store.archive_path("long/" + "x" * 300)
    assert path.parent == tmp_path / "crops/long" and len(path.name) <= 255
    assert path == store.archive_path("long/" + "x" * 300) != store.archive_path("long/" + "x" * 301)


@pytest.mark.parametrize("video_id", REFUSED, ids=ascii)
def test_what_cannot_be_stored_is_refused_before_anything_is_done(video_id: str, tmp_path: Path) -> None:
    paths = files_for(tmp_path, ["fine", video_id])
    store = new(tmp_path / "deep/er/store")
    before = sorted(tmp_path.rglob("*"))
    readers = [
        lambda: store.todo(paths),
        lambda: store.archive_path(video_id),
        lambda: store.write(*faces_of(video_id, paths[video_id])[:2], []),
        lambda: store.has(video_id),
        lambda: store.stored(video_id),
    ]
    for read in readers:
        with pytest.raises(StoreError, match=r"cannot be stored: its name .* rename it"):
            read()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "a.zip/b"), ("x/a", "x/a.zip/b/c"), ("x" * 251, "x" * 251 + ".zip/b"), ("x" * 300, None)],
)
def test_two_that_cannot_be_beside_each_other_are_refused(one: str, other: str | None, tmp_path: Path) -> None:
    store = new(tmp_path / "store")
    if other is None:  # the name to which the other one was cut
        other = store.archive_path(one).name.removesuffix(".zip")
    with pytest.raises(StoreError, match="cannot both be stored, as"):
        store.todo(files_for(tmp_path, [one, other, "fine"]))
    assert list(store.todo(files_for(tmp_path, [one, "fine"]))) == sorted([one, "fine"])


@pytest.mark.parametrize(("one", "other"), [("x/clip", "X/clip"), ("Straße", "STRASSE"), ("é", "e\u0301")])
def test_names_that_a_disk_takes_for_one_are_refused_on_such_a_disk_alone(
    one: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = files_for(tmp_path, [one, other])
    assert len(new(tmp_path / "store").todo(paths)) == 2
    (tmp_path / "store/RECIPE.YAML").touch()  # so recipe.yaml exists in both cases, as on a Mac's disk
    with pytest.raises(StoreError, match="cannot both be stored, as they would have one archive: rename"):
        new(tmp_path / "store").todo(paths)


def test_an_archive_that_became_anothers_is_not_believed(tmp_path: Path) -> None:
    """A folder was renamed, or a case-insensitive disk returned another video's file."""
    paths = files_for(tmp_path, ["clip", "CLIP"])
    store = new(tmp_path / "store")
    complete(store, paths)
    store.archive_path("clip").rename(store.archive_path("CLIP"))
    assert complete(new(tmp_path / "store"), paths) == ["CLIP", "clip"]
    require_truth(new(tmp_path / "store"), paths)
    assert all_faces(new(tmp_path / "store"), paths)


def test_a_path_that_is_no_text_is_written_as_text(tmp_path: Path) -> None:
    """The name's bytes are not UTF-8, as on old disks."""
    root = tmp_path / "caf\udce9"
    try:
        root.mkdir()
    except OSError:
        pytest.skip("this disk has no such names")
    paths = corpus(root, "a", "b")
    store = new(tmp_path / "store")
    assert complete(store, paths) == ["a", "b"] and new(tmp_path / "store").todo(paths) == {}
    assert store.videos().at["a", "path"] == f"{tmp_path}/caf%E9/a.mp4"
    row, crops, _ = faces_of("a", paths["a"])
    from dataclasses import replace

    store.write(replace(row, reason=f"{paths['a']} is odd"), crops[:0], [])
    store.build_tables(["a"])
    assert store.videos().at["a", "reason"].endswith("a.mp4 is odd")


def test_a_path_that_is_too_long_for_the_system_is_said(tmp_path: Path) -> None:
    video_id = "/".join(["d" * 200] * 25)
    store = new(tmp_path / "store")
    with pytest.raises(StoreError, match=r"File name too long\)"):
        store.todo({video_id: tmp_path / "a.mp4"})


def test_where_an_archive_is_costs_little(tmp_path: Path) -> None:
    """Tens of thousands of paths are looked at at every start, so no path objects are made."""
    paths = {f"fake/{number % 50:03d}/{number:06d}": tmp_path for number in range(20_000)}
    names.require_apart(paths, tmp_path)
    assert names.archive_name("fake/000/000000") == "fake/000/000000.zip"
