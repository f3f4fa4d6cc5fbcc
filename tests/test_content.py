"""Hashes that stand on disks: names of folders, tables, cards and the splits that they decide. None may change."""

import re
from pathlib import Path

import pytest
import torch

import deepfake
from deepfake.content import digest, digest_of_bytes, sha256_of_file, sha256_of_text
from deepfake.hydra_callbacks.requeue import note_of
from deepfake.models.digest import digest as digest_of_weights
from deepfake.names import fitted
from deepfake.store.store import recipe_name


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, content in zip(paths, (b"abc", bytes(70000)), strict=True):
        path.write_bytes(content)
    return paths


def test_the_content_of_files_is_b2sums(files: list[Path]) -> None:
    assert digest(files[0]) == digest_of_bytes(b"abc") == "cf4ab791c62b8d2b2109c90275287816"  # `b2sum -l 128`
    assert digest(*files) == "d4ff332f4159136d4e608c0d6f35459d"  # `cat a b | b2sum -l 128`
    assert digest_of_bytes(bytes(65536)) == "f17fe67cd59771bc1d29a1245ac20dc0"


def test_sha256_is_that_of_everybody(files: list[Path]) -> None:
    assert sha256_of_file(files[0]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of_text("a\t0\ttrain") == "f219f8ea11bb8713ee313150792c0b136b29e547b3229ae7cac4295992a505ad"


def test_names_that_are_made_of_hashes_stay() -> None:
    assert fitted("é" * 200, 240)[-17:] == "-36a46d0776c0250a"
    recipe = {"finder": {"_target_": "a.Mtcnn"}, "num_segments": 4, "segment_length": 8, "margin": 1.3}
    assert recipe_name(recipe) == "mtcnn-4x8-m1.3-99e053c1"
    job = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}
    assert note_of(job, ["seed=1", "b"]) == Path("outputs/.requeue/7_2-77130fed")


def test_the_digest_of_weights_stays() -> None:
    expected = "77cc13d3ca04c9ad35257abf3ec00adf13221c9fcb6bdb874e2525e594918307"
    assert digest_of_weights({"b": torch.arange(3.0), "a": torch.tensor(True)}) == expected


def test_hashes_are_made_in_one_place() -> None:
    (package,) = deepfake.__path__
    paths = Path(package).rglob("*.py")
    assert [path.name for path in paths if re.search(r"\bhashlib\b", path.read_text())] == ["content.py"]
