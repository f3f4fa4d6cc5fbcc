"""Read untrusted files of `torch.save`: they are inspected before they take memory, and nothing in them is executed.

    look    returns the plain data, with an `Outline` for each tensor; refuses what would unpack to more than the file
    load    returns the same with its tensors

A file is a zip archive with `<name>/data.pkl` and one member for each storage, all uncompressed; before PyTorch 1.6 it
was a series of pickles followed by the storages. An archive's checksums are verified, which torch does not do.
"""

import io
import pickle
import zipfile
from collections.abc import Iterable
from typing import IO, Any

import torch

from deepfake.errors import WeightsError
from deepfake.models.torch_pickle import Looker, Storage

_MOST_WORDS = 1 << 24  # bytes of pickle; three networks of 3000 layers take a tenth, and objects take up to 60 times it
_MAGIC = 0x1950A86A20F9469CFC6C  # the first value in a file from before 1.6
_CHUNK = 1 << 20


def look(file: IO[bytes], what: str) -> Any:
    """Return a file's content with outlines in place of tensors.

    Args:
        file: open for reading.
        what: beginning of the message, such as `weights=best.pth.tar`.

    Raises:
        WeightsError: the file cannot be read, is damaged, or its content contradicts itself.
    """
    try:
        file.seek(0, 2)
        size = file.tell()
        file.seek(0)
        zipped = file.read(4) == b"PK\3\4"
        file.seek(0)
        return _look_archive(file, size) if zipped else _look_old(file, size)
    except WeightsError as error:
        raise WeightsError(f"{what} {error}") from None
    except Exception as error:  # anything that damaged bytes make pickle and zipfile raise
        raise _unreadable(what, error) from error


def load(file: IO[bytes], what: str) -> Any:
    """Return a file's content with its tensors on the CPU.

    Args:
        file: open for reading.
        what: beginning of the message.

    Raises:
        WeightsError: see `look`; or the file holds more than plain data and tensors.
    """
    look(file, what)
    return load_seen(file, what)


def load_seen(file: IO[bytes], what: str) -> Any:
    """Load a file that `look` has passed.

    Raises:
        WeightsError: the file holds more than plain data and tensors.
    """
    file.seek(0)
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zipfile and torch raise different types
        raise _unreadable(what, error) from error


def _unreadable(what: str, error: Exception) -> WeightsError:
    return WeightsError(
        f"{what} cannot be read safely as a file of torch.save ({type(error).__name__}): it is damaged, of another "
        "kind, or does more than hold data; nothing in it was executed"
    )


def _look_archive(file: IO[bytes], size: int) -> Any:
    archive = zipfile.ZipFile(file)
    members = {member.filename: member for member in archive.infolist()}
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > size or any(member.compress_type != zipfile.ZIP_STORED for member in members.values()):
        raise WeightsError(
            f"takes {size / 1e6:,.1f} MB and would unpack to {unpacked / 1e6:,.1f}: torch.save compresses nothing: "
            "refused"
        )
    words = [name for name in members if name.endswith("/data.pkl") or name == "data.pkl"]
    if len(words) != 1 or len(members) != len(archive.infolist()):
        raise WeightsError("is not an archive of torch.save")
    _require_few(members[words[0]].file_size)
    for name in members:
        _compare_checksum(archive, name)
    looker = Looker(io.BytesIO(archive.read(words[0])))
    found = looker.load()
    root = words[0].removesuffix("data.pkl")
    for storage in looker.storages.values():
        member = members.get(f"{root}data/{storage.key}")
        if member is None or member.file_size != storage.num_bytes:
            held = 0 if member is None else member.file_size
            raise WeightsError(f"declares {storage.num_bytes:,} bytes for a tensor but holds {held:,}: refused")
    return found


def _compare_checksum(archive: zipfile.ZipFile, name: str) -> None:
    try:
        with archive.open(name) as member:
            while member.read(_CHUNK):
                pass
    except zipfile.BadZipFile as error:
        raise WeightsError(
            f"is damaged: {name!r} in it is not what was written ({error}): copy the file again, or take another"
        ) from error


def _look_old(file: IO[bytes], size: int) -> Any:
    limited = _Limited(file)
    if Looker(limited).load() != _MAGIC:  # type: ignore[arg-type]
        raise pickle.UnpicklingError("not a file of torch.save")
    for _ in ("protocol", "system"):
        Looker(limited).load()  # type: ignore[arg-type]
    looker = Looker(limited)  # type: ignore[arg-type]
    found = looker.load()
    _require_within(looker.storages.values(), size)
    return found


def _require_within(storages: Iterable[Storage], size: int) -> None:
    unpacked = sum(storage.num_bytes for storage in storages)
    if unpacked > size:
        raise WeightsError(f"takes {size / 1e6:,.1f} MB and would unpack to {unpacked / 1e6:,.1f}: refused")


def _require_few(num_bytes: int) -> None:
    if num_bytes > _MOST_WORDS:
        raise WeightsError(f"holds {num_bytes / 1e6:,.1f} MB of words beside its tensors: refused")


class _Limited:
    """A file that can be read only as far as the limit for pickles."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _MOST_WORDS

    def _take(self, content: bytes) -> bytes:
        self._left -= len(content)
        if self._left < 0:
            _require_few(_MOST_WORDS - self._left)
        return content

    def read(self, size: int) -> bytes:
        return self._take(self._file.read(min(size, _MOST_WORDS + 1) if size >= 0 else _MOST_WORDS + 1))

    def readline(self) -> bytes:
        return self._take(self._file.readline(_MOST_WORDS + 1))
