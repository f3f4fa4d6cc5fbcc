"""Damaged archives: each is found by every reader and named with the cure, or the damage has no effect."""

import io
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from deepfake.errors import StoreError
from deepfake.store import PLACE, FaceStore
from deepfake.store.archive import DamagedArchiveError, read_archive, read_checked, read_images
from tests.store.made import all_faces, complete, content_of, corpus, faces_of, new, require_truth

NAMES = ("x/a", "x/b", "c")
VICTIM = "x/a"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """Return a finished store and its corpus."""
    root = tmp_path_factory.mktemp("whole")
    paths = corpus(root / "corpus", *NAMES)
    complete(new(root / "store"), paths)
    return root / "store", paths


@pytest.fixture
def store(whole: tuple[Path, dict[str, Path]], tmp_path: Path) -> FaceStore:
    shutil.copytree(whole[0], tmp_path / "store")
    return new(tmp_path / "store")


def test_every_single_byte_that_is_another_is_found_or_without_effect(store: FaceStore, tmp_path: Path) -> None:
    content = store.archive_path(VICTIM).read_bytes()
    truth = read_checked(store.archive_path(VICTIM), VICTIM)
    places = [truth.crops[name].to_numpy() for name in PLACE]
    images = read_images(store.archive_path(VICTIM), *places)
    path, rng, found = tmp_path / "flipped", np.random.default_rng(0), 0
    for at in range(len(content)):
        flipped = bytearray(content)
        flipped[at] ^= int(rng.integers(1, 256))
        path.write_bytes(flipped)
        try:
            stored = read_checked(path, VICTIM)
        except DamagedArchiveError:
            found += 1
            continue
        assert stored.row == truth.row and stored.crops.equals(truth.crops)
        assert read_images(path, *places) == images
        assert content_of(path)[2] == dict(zip(content_of(store.archive_path(VICTIM))[2], images, strict=True))
    assert found > 0.6 * len(content)  # damage to times, attributes and versions has no effect


def test_no_bytes_whatever_lead_to_another_error(store: FaceStore, tmp_path: Path) -> None:
    content = store.archive_path(VICTIM).read_bytes()
    path, rng = tmp_path / "scrambled", np.random.default_rng(0)
    directory = content.index(b"PK\1\2")
    for number in range(1000):
        scrambled = bytearray(content)
        start = directory if number % 2 else 0  # most can go wrong in the directory
        for at in rng.integers(start, len(content), rng.integers(2, 12)):
            scrambled[at] = rng.integers(0, 256)
        path.write_bytes(scrambled)
        for read in (read_archive, read_checked):
            with suppress(DamagedArchiveError):
                read(path, VICTIM)


def test_every_archive_that_was_cut_is_found(store: FaceStore, tmp_path: Path) -> None:
    content = store.archive_path(VICTIM).read_bytes()
    for length in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(DamagedArchiveError):
            read_archive(tmp_path / "cut", VICTIM)


def complaint_of(do: Callable[[], object]) -> str:
    """Return the message that a user gets, if any."""
    try:
        do()
    except StoreError as error:
        return str(error)
    return ""


def flip(what: bytes, offset: int = 0) -> Callable[[Path], None]:
    """Flip one bit, this many bytes after the last occurrence of these bytes."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[content.rindex(what) + offset] ^= 4
        path.write_bytes(content)

    return damage


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(share * path.stat().st_size))


def foreign(write: Callable[[zipfile.ZipFile], None], method: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            write(archive)

    return damage


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("video.json", b" " * 30_000_000)
    archive.writestr("crops.csv", b"")


def climbing(archive: zipfile.ZipFile) -> None:
    for name in ("../../escaped", "/escaped", "video.json", "crops.csv"):
        archive.writestr(name, b"{}")


def packed(path: Path) -> None:
    """Rewrite the files as another program does: compressed, at other places."""
    row, _, images = content_of(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert row and images
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items(), reverse=True):
            archive.writestr(name, content)


def reordered(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items(), reverse=True):
            archive.writestr(name, content)


def overstated(path: Path) -> None:
    """Make the directory declare that the last file is four gigabytes long."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\1\2")
    content[entry + 20 : entry + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    path.write_bytes(content)


def another_video(path: Path) -> None:
    shutil.copyfile(path.with_name("b.zip"), path)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "a bit of an image": flip(b"IDAT", 12),
    "a bit of crops.csv": flip(b"track,segment", 2),
    "a bit of video.json": flip(b'"status"', 12),
    "a bit of the directory": flip(b"PK\1\2", 43),  # the position of the last file
    "a bit of the directory's checksum": flip(b"PK\1\2", 17),
    "a bit of the directory's end": flip(b"PK\5\6", 17),
    **{f"cut to {share}": cut(share) for share in (0.01, 0.3, 0.6, 0.9, 0.99)},
    "empty": cut(0),
    "text": lambda path: path.write_text("no zip") and None,  # type: ignore[dict-item,func-returns-value]
    "a zip of something else": foreign(lambda archive: archive.writestr("notes.txt", "hello")),
    "a compressed bomb": foreign(bomb, zipfile.ZIP_DEFLATED),
    "names that climb": foreign(climbing),
    "packed again": packed,
    "written in another order": reordered,
    "a size that is not": overstated,
    "the archive of another video": another_video,
}
READERS: dict[str, Callable[[FaceStore, dict[str, Path]], object]] = {
    "todo": lambda store, paths: store.todo(paths),
    "build_tables": lambda store, paths: store.build_tables(paths),
    "read_images": lambda store, paths: all_faces(store, paths),
    "image": lambda store, paths: [
        store.image(VICTIM, row.track, row.frame) for row in faces_of(VICTIM, paths[VICTIM])[1].itertuples()
    ],
    "rows": lambda store, paths: store.rows(list(paths)),
    "stored": lambda store, paths: store.stored(VICTIM),
    "done": lambda store, paths: store.done(VICTIM, paths[VICTIM]),
}


@pytest.mark.parametrize("quiet", [False, True], ids=["with its time", "without a trace"])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named_with_its_cure_and_the_same_command_repairs_it(
    damage: str,
    reader: str,
    quiet: bool,
    store: FaceStore,
    whole: tuple[Path, dict[str, Path]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    paths, path = whole[1], store.archive_path(VICTIM)
    content, found = path.read_bytes(), path.stat()
    DAMAGE[damage](path)
    if quiet:
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    caplog.set_level("INFO")
    complaint = complaint_of(lambda: READERS[reader](store, paths))
    assert not complaint or (str(path) in complaint and "give the same command again" in complaint)
    messages = [record.message for record in caplog.records]
    assert len(messages) <= 1 and all(str(path) in line and "extracted again" in line for line in messages)

    again = new(store.root)
    done = complete(again, paths)
    if not done:  # size and time are as in the tables, so reading the archive finds the damage
        assert quiet or reader == "build_tables"
        if complaint := complaint_of(lambda: (all_faces(again, paths), again.stored(VICTIM))):
            assert "give the same command again" in complaint
            assert complete(again, paths) == [VICTIM]
    assert set(done) <= {VICTIM}
    require_truth(again, {name: paths[name] for name in NAMES if name != VICTIM})
    faces = all_faces(again, paths)[VICTIM]
    assert all(np.array_equal(a, b) for a, b in zip(faces, faces_of(VICTIM, paths[VICTIM])[2], strict=True))
    if done:
        assert path.read_bytes() == content
        require_truth(again, paths)
    assert not (store.root.parent / "escaped").exists() and not Path("/escaped").exists()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["folder", "full folder", "link to nowhere", "link to itself", "file for a folder"])
def test_something_else_at_the_place_of_an_archive_is_named_with_its_cure(
    kind: str, reader: str, store: FaceStore, whole: tuple[Path, dict[str, Path]]
) -> None:
    paths, path = whole[1], store.archive_path(VICTIM)
    content = path.read_bytes()
    in_the_way = path.parent if kind == "file for a folder" else path
    shutil.rmtree(path.parent) if kind == "file for a folder" else path.unlink()
    match kind:
        case "folder":
            path.mkdir()
        case "full folder":
            (path / "0").mkdir(parents=True)
        case "link to nowhere":
            path.symlink_to("nowhere")
        case "link to itself":
            path.symlink_to(path)
        case "file for a folder":
            in_the_way.touch()
    complaint = complaint_of(lambda: READERS[reader](store, paths))
    assert not complaint or "the same command again" in complaint or "run scripts/extract.py" in complaint
    if complaint := complaint_of(lambda: complete(new(store.root), paths)):
        assert "move" in complaint or "check the disk" in complaint
        shutil.rmtree(in_the_way) if in_the_way.is_dir() else in_the_way.unlink()
        complete(new(store.root), paths)
    assert path.read_bytes() == content
    require_truth(new(store.root), paths)


def test_every_archive_opens_with_the_standard_library_and_gives_the_same_bytes(
    store: FaceStore, whole: tuple[Path, dict[str, Path]]
) -> None:
    require_truth(store, whole[1])  # `content_of` opens and tests each archive
    for video_id in NAMES:
        with zipfile.ZipFile(store.archive_path(video_id)) as archive:
            assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
            rows = read_archive(store.archive_path(video_id), video_id).crops
            content = store.archive_path(video_id).read_bytes()
            for (name, info), row in zip(archive.NameToInfo.items(), rows.itertuples(), strict=False):
                assert content[row.offset : row.offset + row.length] == archive.read(name) and row.crc == info.CRC


def test_an_image_that_is_damaged_on_a_disk_that_cannot_be_written_to_says_so(
    store: FaceStore, whole: tuple[Path, dict[str, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(b"IDAT", 12)(store.archive_path(VICTIM))

    def denied(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(StoreError, match=r"x/a.zip is damaged .* cannot be removed \(Permission denied\): where the"):
        all_faces(store, whole[1])
    assert store.archive_path(VICTIM).exists()


def test_a_zip_with_many_names_is_no_burden(store: FaceStore) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}", b"")
    store.archive_path(VICTIM).write_bytes(buffer.getvalue())
    with pytest.raises(StoreError, match="is damaged"):
        store.stored(VICTIM)
