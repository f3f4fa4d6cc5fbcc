"""Untrusted files: bad ones are refused with a reason before they take memory; good ones are read as torch does."""

import io
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from deepfake.errors import WeightsError
from deepfake.models.torch_file import load, look
from deepfake.models.torch_pickle import Outline

MEGABYTE = 1 << 20


def read(path: Path) -> Any:
    with path.open("rb") as file:
        return load(file, "a.pth")


def refused(path: Path, message: str) -> None:
    """Assert that a file is refused in one line, with only a few megabytes of memory."""
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match=message) as error, path.open("rb") as file:
            load(file, "a.pth")
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_writes_is_read_as_torch_reads_it(zipped: bool, tmp_path: Path) -> None:
    base = torch.arange(12.0)
    tied = nn.Parameter(torch.ones(3))
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    content = {
        "views": [base[2:8].reshape(2, 3), base.reshape(3, 4).t(), base[::2], torch.ones(0, 3), torch.tensor(7)],
        "kinds": [torch.ones(2, dtype=kind) for kind in (torch.bool, torch.bfloat16, torch.int8, torch.complex64)],
        "tied": (tied, tied),
        "network": network.state_dict(),
        "optimizer": torch.optim.AdamW(network.parameters()).state_dict(),
        "plain": {"a": [1, 2.5, None, True, "word"], "bytes": b"\x00\xff", "set": {1}, "size": torch.Size([1, 2])},
    }
    path = tmp_path / "a.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    found = read(path)
    for name in ("views", "kinds", "tied"):
        assert all(torch.equal(a, b) for a, b in zip(found[name], content[name], strict=True))
    assert found["tied"][0] is not None and found["plain"] == content["plain"]
    assert found["network"].keys() == network.state_dict().keys()
    with path.open("rb") as file:
        seen = look(file, "a.pth")
    assert [each.shape for each in seen["views"]] == [tuple(each.shape) for each in content["views"]]
    assert isinstance(seen["network"]["0.weight"], Outline)
    assert seen["plain"]["a"] == content["plain"]["a"]


def test_float8_is_read(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(3, 2).to(torch.float8_e4m3fn)}, tmp_path / "a.pth")
    assert read(tmp_path / "a.pth")["a"].float().tolist() == [[1, 1]] * 3


def rewritten(content: Any, path: Path, compression: int, **members: bytes) -> None:
    """Rewrite an archive compressed, or with other members."""
    plain = io.BytesIO()
    torch.save(content, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", compression) as target:
        for name in source.namelist():
            target.writestr(name, members.get(name.rpartition("/")[2], source.read(name)))


def test_an_archive_that_would_unpack_to_more_is_refused(tmp_path: Path) -> None:
    rewritten({"a": torch.zeros(20 * MEGABYTE)}, tmp_path / "a.pth", zipfile.ZIP_DEFLATED)
    assert (tmp_path / "a.pth").stat().st_size < MEGABYTE
    refused(tmp_path / "a.pth", r"a.pth takes 0.1 MB and would unpack to 83.9: torch.save compresses nothing: refused")


def test_an_archive_whose_directory_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1000)}, path)
    whole = path.read_bytes()
    entry = whole.index(b"PK\1\2")
    path.write_bytes(whole[: entry + 20] + struct.pack("<II", 1 << 30, 1 << 30) + whole[entry + 28 :])
    refused(path, "would unpack to 1,073.7")


class Forged(torch.nn.Module):
    """Its pickle calls a function of torch with given arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        super().__init__()
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def tensor(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> Forged:
    storage = torch.storage.TypedStorage(
        wrap_storage=torch.zeros(8).untyped_storage(), dtype=torch.float, _internal=True
    )
    return Forged(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, {})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.ones(1).expand(1 << 40), "which takes 4,398,046,511,104 bytes, but stores 4 for it"),
        (lambda: tensor((1 << 20, 1 << 20), (0, 0)), "which takes .* but stores 32 for it: refused"),
        (lambda: tensor((2, 4), (8, 1)), "which takes 32 bytes, but stores 32 for it"),
        (lambda: tensor((4,), (1,), 5), "which takes 16 bytes, but stores 32 for it"),
        (lambda: tensor((-4,), (1,)), "which makes no sense"),
        (lambda: tensor((4,), (-1,), 3), "which makes no sense"),
        (lambda: torch.eye(3).to_sparse(), "a.pth holds sparse tensors, which no network of this project has: refused"),
        (lambda: torch.eye(3).to_sparse_csr(), "holds sparse tensors"),
        (lambda: torch.empty(1 << 40, device="meta"), r"holds tensors without content \(meta\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_that_are_more_than_is_stored_for_them(
    make: Callable[[], Any], message: str, zipped: bool, tmp_path: Path
) -> None:
    torch.save({"state_dict": {"a": make()}}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    refused(tmp_path / "a.pth", message)


@pytest.mark.filterwarnings("ignore")
def test_quantised_tensors(tmp_path: Path) -> None:
    torch.save({"a": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)}, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "holds quantised tensors, which no network of this project has: refused")


def test_storages_that_are_larger_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(64)}, path)
    with zipfile.ZipFile(path) as archive:
        words = archive.read("a/data.pkl")
    assert words.count(b"K@") == 2  # 64, in the storage and in the shape
    rewritten({"a": torch.zeros(64)}, path, zipfile.ZIP_STORED, **{"data.pkl": words.replace(b"K@", b"J\0\0\0\x7f")})
    refused(path, "declares 8,522,825,728 bytes for a tensor but holds 256: refused")

    torch.save({"a": torch.zeros(64)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"K@", b"J\0\0\0\x7f"))
    refused(path, "a.pth takes 0.0 MB and would unpack to 8,522.8: refused")


def test_more_words_than_a_network_has(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    rewritten({}, path, zipfile.ZIP_STORED, **{"data.pkl": b"\x80\x02(" + b"]" * (17 * MEGABYTE) + b"l."})
    with pytest.raises(WeightsError, match="holds 17.8 MB of words beside its tensors: refused"):
        read(path)


@pytest.mark.parametrize(
    "words",
    [
        b"\x80\x04\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",  # a bytearray of 2^63 bytes
        b"\x80\x02cos\nsystem\nX\x04\0\0\0exit\x85R.",
        b"\x80\x02cdeepfake.models.torch_pickle\n_Maker\nX\x04\0\0\0exit\x85R.",
        b"\x80\x02c__builtin__\neval\nX\x04\0\0\0exit\x85R.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\4\0\0\0makeX\4\0\0\0makes\x86b.",
        b"",
        b"text",
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_words_that_do_more_than_hold_data(words: bytes, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    rewritten({}, path, zipfile.ZIP_STORED, **{"data.pkl": words})
    if not zipped:
        path.write_bytes(words)
    refused(path, "a.pth cannot be read safely as a file of torch.save")
    torch.save({"a": torch.ones(2)}, path)
    assert read(path)["a"].tolist() == [1, 1]  # the bad file has no after-effect


def test_the_number_of_a_remembered_object_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    rewritten({}, path, zipfile.ZIP_STORED, **{"data.pkl": b"\x80\x02}r\xff\xff\xff\x7f."})  # number two billion
    tracemalloc.start()
    assert read(path) == {}
    assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    tracemalloc.stop()


def test_damage_of_any_part_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(64), "word": "here"}, path)
    whole = path.read_bytes()
    for place in (whole.index(bytes(64)) + 5, whole.index(b"here")):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        refused(path, "a.pth is damaged: .* in it is not what was written .*: copy the file again, or take another")


def test_what_is_no_file_of_torch_save(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(pickle.dumps({"a": 1}))
    refused(path, "cannot be read safely")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")
    refused(path, "a.pth is not an archive of torch.save")
