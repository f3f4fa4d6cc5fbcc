"""A store of another user or on a read-only disk: readers are served, writers get an error with the cure."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.store.made import complete, corpus, new
from tests.store.test_archive_damage import flip

NAMES = ("a", "b", "x/c")
SCRIPT = """
import json, logging, os, sys, tempfile
from pathlib import Path
from deepfake.errors import StoreError
from tests.store.made import complete, corpus, new, require_truth
root, paths = Path(sys.argv[1]), {k: Path(v) for k, v in json.loads(sys.argv[2]).items()}
with tempfile.TemporaryDirectory() as folder:  # so that Python has loaded every file it needs
    warm = corpus(Path(folder) / "corpus", "a")
    complete(new(Path(folder) / "store"), warm)
    require_truth(new(Path(folder) / "store"), warm)
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
try:
    store = new(root)
    for turn in range(2):
        assert complete(store, paths) == []
        require_truth(store, paths)
        assert store.lists(paths)
except StoreError as error:
    print(f"{type(error).__name__}: {error}")
"""


pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no such users there")


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that other users may read, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="deepfake-read-only-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+rwX", str(folder)], check=True)
    shutil.rmtree(folder)


def as_another_user(root: Path, paths: dict[str, Path]) -> str:
    """Return what the script prints when run by a user who may read everything and write nothing."""
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(root.parent)], check=True)
    return run(root, paths)


def run(root: Path, paths: dict[str, Path]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), json.dumps({name: str(path) for name, path in paths.items()})],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifest_is_empty(root: Path, paths: dict[str, Path]) -> None:
    (root / "tables/manifest.json").write_bytes(b"")


def part_is_empty(root: Path, paths: dict[str, Path]) -> None:
    for path in (root / "tables").glob("*.crops.parquet"):
        path.write_bytes(b"")


def tables_are_behind(root: Path, paths: dict[str, Path]) -> None:
    shutil.rmtree(root / "tables")
    new(root).build_tables(["a"])


def recipe_was_edited(root: Path, paths: dict[str, Path]) -> None:
    (root / "recipe.yaml").write_text("# a note\n" + (root / "recipe.yaml").read_text())


def corpus_was_touched(root: Path, paths: dict[str, Path]) -> None:
    for path in paths.values():
        os.utime(path)


def killed_run_left_something(root: Path, paths: dict[str, Path]) -> None:
    (root / "claims").mkdir(exist_ok=True)
    for name in ("claims/x-1.1-y.run", "claims/abc", "partial/x-1.1-y"):
        (root / name).touch()


SERVED: dict[str, Callable[[Path, dict[str, Path]], None]] = {
    "finished": lambda root, paths: None,
    "without tables": lambda root, paths: shutil.rmtree(root / "tables"),
    "the manifest is empty": manifest_is_empty,
    "a part is empty": part_is_empty,
    "the tables are behind": tables_are_behind,
    "the recipe was edited": recipe_was_edited,
    "the corpus was touched": corpus_was_touched,
    "a killed run left something": killed_run_left_something,
    "without its folders for writing": lambda root, paths: (
        [shutil.rmtree(root / n) for n in ("claims", "partial")] and None
    ),
}


@pytest.mark.parametrize("state", SERVED)
def test_a_store_that_cannot_be_written_to_serves(state: str, room: Path) -> None:
    paths = corpus(room / "corpus", *NAMES)
    complete(new(room / "store"), paths)
    SERVED[state](room / "store", paths)
    files = sorted((path, path.stat().st_mtime_ns) for path in room.rglob("*"))
    assert as_another_user(room / "store", paths) == ""
    assert sorted((path, path.stat().st_mtime_ns) for path in room.rglob("*")) == files


def lacks_one(root: Path) -> None:
    (root / "crops/b.zip").unlink()


def has_a_damaged_one(root: Path) -> None:
    flip(b"IDAT", 12)(root / "crops/b.zip")


def has_one_that_is_damaged_unseen(root: Path) -> None:
    found = (root / "crops/b.zip").stat()
    has_a_damaged_one(root)
    os.utime(root / "crops/b.zip", ns=(found.st_atime_ns, found.st_mtime_ns))


CURE = r"let this user write there, or choose another folder with paths.faces_dir"
TOLD: dict[str, tuple[Callable[[Path], object], str]] = {
    "lacks one": (lacks_one, rf"ReadOnlyError: face store .* \(Permission denied\) at crops/b.zip: {CURE}"),
    "damaged": (has_a_damaged_one, rf"ReadOnlyError: face store .* \(Permission denied\) at crops/b.zip: {CURE}"),
    "damaged unseen": (has_one_that_is_damaged_unseen, r"b.zip is damaged .* cannot be removed \(Permission denied\)"),
    "not there": (shutil.rmtree, rf"ReadOnlyError: .* \(Permission denied\) at recipe.yaml: {CURE}"),
}


@pytest.mark.parametrize("state", TOLD)
def test_who_would_have_to_write_is_told_the_cure(state: str, room: Path) -> None:
    paths = corpus(room / "corpus", *NAMES)
    complete(new(room / "store"), paths)
    harm, expected = TOLD[state]
    harm(room / "store")
    output = as_another_user(room / "store", paths)
    assert re.search(expected, output), output


def test_an_archive_that_may_not_be_read_is_named_with_the_cure(room: Path) -> None:
    paths = corpus(room / "corpus", *NAMES)
    complete(new(room / "store"), paths)
    shutil.rmtree(room / "store/tables")
    as_another_user(room / "store", paths)
    (room / "store/crops/b.zip").chmod(0)
    output = run(room / "store", paths)
    assert "b.zip cannot be read (Permission denied): let this user read it, and give the same command" in output
