"""Weights in their one home: by their published name, by their digest, downloaded, or named with what to do."""

import hashlib
from pathlib import Path

import pytest
import torch

from deepfake.errors import WeightsError
from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.finders.retinaface import RetinaFace
from deepfake.faces.finders.retinaface_mobilenet import RetinaFaceMobileNet
from deepfake.faces.finders.weights import Published, digest_of, fetched, place_of

SOURCE = Published("net.pth", "get net.pth of its authors")
ONLINE = Published("net.pth", "download URL", url="https://example.org/net.pth", sha256="ab")


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return digest_of([path])


def test_the_digest_is_that_of_b2sum(tmp_path: Path) -> None:
    assert write(tmp_path / "a", b"abc") == hashlib.blake2b(b"abc", digest_size=16).hexdigest()
    (tmp_path / "b").write_bytes(b"def")
    both = hashlib.blake2b(b"abcdef", digest_size=16).hexdigest()
    assert digest_of([tmp_path / "a", tmp_path / "b"]) == both
    with pytest.raises(WeightsError, match=r"none cannot be read \(No such file"):
        digest_of([tmp_path / "none"])


def test_the_wheel_brings_mtcnns() -> None:
    source = Mtcnn.weights_source
    assert len(source.files) == 3 and all(path.is_file() for path in source.files)
    assert len(digest_of(source.files)) == 32


def test_published_names() -> None:
    assert RetinaFace.weights_source.name == "retinaface_resnet50_2020-07-20-f168fae3c.zip"
    assert RetinaFaceMobileNet.weights_source.name == "mobilenet0.25_Final.pth"


def test_the_published_name_is_looked_for_first_then_the_digest(tmp_path: Path) -> None:
    assert place_of(SOURCE, tmp_path) == tmp_path / "net.pth"
    right = write(tmp_path / "mine.pth", b"right")
    (tmp_path / "folder").mkdir()
    assert place_of(SOURCE, tmp_path, right) == tmp_path / "mine.pth"
    write(tmp_path / "net.pth", b"wrong")
    assert place_of(SOURCE, tmp_path, right) == tmp_path / "mine.pth"
    write(tmp_path / "net.pth", b"right")
    assert place_of(SOURCE, tmp_path, right) == tmp_path / "net.pth"


def test_what_is_nowhere_is_looked_for_by_the_name_it_had(tmp_path: Path) -> None:
    assert place_of(SOURCE, tmp_path / "none", "0" * 32, "mine.pth") == tmp_path / "none" / "mine.pth"
    assert place_of(SOURCE, tmp_path, "0" * 32, "../../mine.pth") == tmp_path / "mine.pth"


def test_what_is_there_is_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    digest = write(path, b"right")
    assert fetched(SOURCE, path, None, "Net") == fetched(SOURCE, path, digest, "Net") == digest
    with pytest.raises(WeightsError, match=f"Net needs weights with the digest 0{{32}}, .* net.pth there has {digest}"):
        fetched(SOURCE, path, "0" * 32, "Net")


def test_what_is_missing_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"a file net.pth, and .* does not hold it: get net.pth of its authors") as e:
        fetched(SOURCE, tmp_path / "net.pth", None, "Net")
    for word in (
        str(tmp_path),
        "paths.weights_dir=DIR",
        "DEEPFAKE_WEIGHTS",
        "faces.finder.weights=PATH",
        "faces=mtcnn",
    ):
        assert word in str(e.value)
    with pytest.raises(WeightsError, match=f"a file mine.pth with the digest {'0' * 32}, .* get mine.pth and put it"):
        fetched(ONLINE, tmp_path / "mine.pth", "0" * 32, "Net")  # which nobody publishes


def test_a_file_with_an_address_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def download(url: str, target: str, hash_prefix: str) -> None:
        calls.append((url, hash_prefix))
        Path(target).write_bytes(b"net")

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    path = tmp_path / "weights" / "net.pth"
    assert fetched(ONLINE, path, None, "Net") == fetched(ONLINE, path, None, "Net") == digest_of([path])
    assert calls == [("https://example.org/net.pth", "ab")]


def test_offline_it_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(WeightsError, match=r"nor can it be downloaded \(no route to host\): download URL and put it"):
        fetched(ONLINE, tmp_path / "net.pth", None, "Net")
