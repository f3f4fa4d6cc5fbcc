"""Files of visitors: each has its own, and none is left."""

import os
import time
from pathlib import Path

import pytest

from deepfake.app.uploads import Upload, Uploads
from deepfake.errors import UploadError


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


def received(uploads: Uploads, content: bytes = b"abc", name: str = "clip.mp4") -> Path:
    """Put a file where Gradio does: below a hash of its content, in place of an equal one."""
    folder = uploads.received / content.hex()
    folder.mkdir(exist_ok=True)
    (folder / "new").write_bytes(content)
    return (folder / "new").rename(folder / name)


def claimed(uploads: Uploads, path: Path, name: str | None = None) -> Upload:
    return uploads.claim({"path": str(path), "orig_name": name})


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_claimed_file_has_a_path_without_its_name_and_is_gone_afterwards(uploads: Uploads, tmp_path: Path) -> None:
    upload = claimed(uploads, received(uploads), "Ünser Urlaub.MP4")
    assert (upload.name, upload.num_bytes, upload.path.name) == ("Ünser Urlaub.MP4", 3, "file.mp4")
    assert upload.path.read_bytes() == b"abc" and not upload.is_image
    uploads.discard(upload)
    assert files_in(tmp_path) == [] and [*uploads.received.iterdir()] == []


def test_two_visitors_with_equal_files_do_not_take_each_others(uploads: Uploads, tmp_path: Path) -> None:
    """As two tabs do: both are uploaded before one is claimed, and one comes while the other's is scored."""
    received(uploads)
    first, second = claimed(uploads, received(uploads)), claimed(uploads, received(uploads))
    late = received(uploads)
    uploads.discard(first)
    assert late.exists() and second.path.read_bytes() == b"abc"
    third = claimed(uploads, late)
    uploads.discard(second)
    assert third.path.read_bytes() == b"abc"
    uploads.discard(third)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("name", ["a.txt", "a", "a.mp4/../../b", "a.\ud800", "x" * 1000 + ".mp4", "\x1b[31m.mp4"])
def test_any_name_is_shown_and_none_decides_a_path(name: str, uploads: Uploads) -> None:
    upload = claimed(uploads, received(uploads), name)
    assert upload.path.name in ("file", "file.mp4") and upload.path.parent.parent.name == "claimed"
    assert len(upload.name.encode()) <= 240 and "\x1b" not in upload.name


@pytest.mark.parametrize("path", ["/etc/hostname", "{root}/work", "{root}/received/../a.mp4", "{root}/received/none"])
def test_what_was_not_uploaded_is_not_taken(path: str, uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"own")
    with pytest.raises(UploadError, match="drop it once more"):
        uploads.claim({"path": path.format(root=tmp_path)})
    assert [*(tmp_path / "claimed").iterdir()] == []


def test_what_broke_off_is_swept_and_what_still_comes_is_not(uploads: Uploads) -> None:
    old, new = received(uploads, b"old"), received(uploads, b"new")
    (uploads.received / "tmp123").write_bytes(b"half")
    before = time.time() - 700
    for path in (old, old.parent, uploads.received / "tmp123"):
        os.utime(path, (before, before))
    uploads.sweep(600)
    assert files_in(uploads.received) == ["clip.mp4"] and new.exists()
    uploads.sweep(0)
    assert files_in(uploads.received) == []
