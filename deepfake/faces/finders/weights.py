"""Where a finder's weights come from, and which they are: a digest of the file, which is part of what is stored.

A published file has one home, a folder where it is looked for by its published name and, if another is wanted, by its
digest under any name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from deepfake.content import digest
from deepfake.errors import WeightsError

BRINGS_ITS_OWN = "or use faces=mtcnn, which brings its own"


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that are installed with a package; a finder without weights has none.

    Attributes:
        package: its name.
        find_files: all files, in an order that stays.
    """

    package: str = ""
    find_files: Callable[[], tuple[Path, ...]] = tuple

    @property
    def files(self) -> tuple[Path, ...]:
        """All files.

        Raises:
            MissingPackageError: the package is not installed.
        """
        return self.find_files()


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that are one file.

    Attributes:
        name: of the file, as published.
        cure: what to do to have it.
        url: where it is downloaded, if it may be.
        sha256: what its SHA-256 begins with, if it is downloaded.
    """

    name: str
    cure: str
    url: str | None = None
    sha256: str = ""


def digest_of(files: Sequence[Path]) -> str:
    """BLAKE2b over the content of these files, in this order, 128 bits: `b2sum -l 128` of one file.

    Raises:
        WeightsError: one of them cannot be read.
    """
    try:
        return digest(*files)
    except OSError as error:
        name = error.filename or ", ".join(map(str, files))
        raise WeightsError(f"weights {name} cannot be read ({error.strerror or error})") from error


def place_of(source: Published, folder: Path, digest: str | None = None, name: str | None = None) -> Path:
    """Where weights lie in the folder, or are to lie.

    Args:
        source: what is published.
        folder: `paths.weights_dir`.
        digest: which they are; None for those of the published name, whichever they are.
        name: that they had elsewhere.
    """
    names = [source.name] if name is None else [source.name, Path(name).name]
    if digest is None:
        return folder / source.name
    others = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for each in dict.fromkeys([*names, *others]):
        if (folder / each).is_file() and digest_of([folder / each]) == digest:
            return folder / each
    return folder / names[-1]


def fetched(source: Published, path: Path, digest: str | None, finder: str) -> str:
    """See that weights are where they are to lie, and are those that are wanted; download them if that is all it takes.

    Args:
        source: what is published.
        path: where they are to lie.
        digest: which they are to be; None for any.
        finder: its name.

    Returns:
        Their digest.

    Raises:
        WeightsError: they are not there and cannot be downloaded, or are others.
    """
    if not path.is_file():
        wanted = f" with the digest {digest}" if digest else ""
        missing = f"{finder} needs its weights, a file {path.name}{wanted}, and {path.parent} does not hold it"
        if source.url is None or path.name != source.name:
            raise WeightsError(f"{missing}: {_cures(source, path)}")
        _download(source, path, missing)
    found = digest_of([path])
    if digest not in (None, found):
        raise WeightsError(
            f"{finder} needs weights with the digest {digest}, as the checkpoint or the face store had them. No file "
            f"in {path.parent} has it: {path.name} there has {found}. Put the right file there, under any name, or "
            f"take others with faces.finder.weights={path}"
        )
    return found


def _download(source: Published, path: Path, missing: str) -> None:
    """Fetch the file, under another name until it is whole."""
    assert source.url is not None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(source.url, str(path), hash_prefix=source.sha256)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"{missing}, nor can it be downloaded ({error}): {_cures(source, path)}") from error


def _cures(source: Published, path: Path) -> str:
    get = source.cure if path.name == source.name else f"get {path.name}"
    return (
        f"{get} and put it there (another folder is paths.weights_dir=DIR or the variable DEEPFAKE_WEIGHTS), or give "
        f"its path as faces.finder.weights=PATH, {BRINGS_ITS_OWN}"
    )
