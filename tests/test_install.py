"""The package as others install it: with pip alone, on every Python, and with the oldest releases that it allows."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import REPOSITORY, TINY

PARTS = ("deepfake", "benchmarks", "conf", "scripts", "tests", "pyproject.toml", "README.md", "LICENSE", ".gitignore")
IMPORT_EVERYTHING = """
import importlib, pkgutil
import deepfake
from deepfake import load_detector
for module in pkgutil.walk_packages(deepfake.__path__, "deepfake."):
    room = importlib.import_module(module.name)
    for name in getattr(room, "__all__", ()):
        getattr(room, name)
print(deepfake.__file__)
"""
USE_CHECKPOINT = """
import torch
from deepfake import load_detector
print(load_detector("run/checkpoints/best.ckpt")(torch.rand(2, 1, 3, 256, 256)).shape)
"""
# The smallest part of the suite that touches every dependency: both networks of RetinaFace, and a training.
SMOKE = (
    "tests/faces/finders/test_retinaface_network.py",
    "tests/run/test_train.py::test_a_run_leaves_a_complete_folder",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a clone holds and no more."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in PARTS:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """Where to install. It is removed at once: pytest keeps the folders of three sessions, and torch takes 6 GB."""
    folder = tmp_path / "environment"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of the environment in which these tests run."""
    ours = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "UV_PROJECT_ENVIRONMENT",
        "PYTEST_ADDOPTS",
        "PYTEST_XDIST_WORKER",
        "PYTHONDONTWRITEBYTECODE",  # of a container; every command would compile all of torch
    )
    others = {name: value for name, value in os.environ.items() if name not in ours}
    # Where the Pythons of pyenv are: what pyenv itself puts on the PATH starts the chosen one alone.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin")
    path = os.pathsep.join([others["PATH"], *map(str, sorted(pyenv))])
    fixed = {"WANDB_MODE": "offline", "DEEPFAKE_DATA": str(cwd / "data"), "UV_PYTHON_DOWNLOADS": "never", "PATH": path}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=others | fixed | variables, capture_output=True, text=True, check=False
    )


def succeed(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = run(*command, cwd=cwd, **variables)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def uv() -> str:
    return shutil.which("uv") or pytest.skip("uv is not on the PATH")


def test_every_requirement_has_a_lower_bound() -> None:
    # Without one, the lowest release is the first that somebody ever published, which no Python of today can build.
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    lists = [project["project"]["dependencies"], *extras.values(), *project["dependency-groups"].values()]
    requirements = [Requirement(line) for entries in lists for line in entries]
    assert len(requirements) > 30
    lower = {">=", "==", "~="}
    assert not [str(one) for one in requirements if not lower & {bound.operator for bound in one.specifier}]


@pytest.mark.slow
def test_pip_alone_installs_it(copy: Path, environment: Path, tmp_path: Path) -> None:
    succeed(sys.executable, "-m", "venv", environment, cwd=tmp_path)
    python, pip = environment / "bin/python", environment / "bin/pip"
    # --no-compile: to compile all of torch takes minutes, and few of its modules are imported.
    succeed(pip, "install", "--no-compile", copy, cwd=tmp_path)
    assert Path(succeed(python, "-c", IMPORT_EVERYTHING, cwd=tmp_path).strip()).is_relative_to(environment)

    train = (python, copy / "scripts/train.py", *TINY, "trainer.max_epochs=1", "hydra.run.dir=run")
    refused = run(*train, cwd=tmp_path)
    assert refused.returncode == 1 and re.fullmatch(r"error: faces=mtcnn needs [^\n]*\n", refused.stderr)
    line = re.search(r"pip (install --no-deps [\w-]+)", refused.stderr)
    assert line
    succeed(pip, *line[1].split(), cwd=tmp_path)
    succeed(*train, cwd=tmp_path)

    assert succeed(python, "-c", USE_CHECKPOINT, cwd=tmp_path).strip() == "torch.Size([2])"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_python_has_wheels(version: str, copy: Path) -> None:
    options = ("--python-version", version, "--python-platform", "linux", "--group", "mtcnn", "--group", "dev")
    wheels = ("--only-binary", ":all:", "--no-binary", "antlr4-python3-runtime")  # Hydra's, which has a source alone
    found = succeed(uv(), "pip", "compile", "pyproject.toml", *options, *wheels, cwd=copy)
    assert re.search(r"^torch==", found, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "resolution"),
    # The oldest of everything and the newest; `test_every_python_has_wheels` looks at those between.
    [("3.11", "lowest-direct"), ("3.13", "highest"), ("3.14", "highest")],
)
def test_it_works(version: str, resolution: str, copy: Path, environment: Path) -> None:
    found = run(uv(), "python", "find", "--system", version, cwd=copy)
    if found.returncode:
        pytest.skip(f"there is no Python {version} on this machine")
    interpreter, place = found.stdout.strip(), {"UV_PROJECT_ENVIRONMENT": str(environment)}
    succeed(uv(), "sync", "--python", interpreter, "--resolution", resolution, cwd=copy, **place)
    python = environment / "bin/python"
    succeed(python, "-c", IMPORT_EVERYTHING, cwd=copy)
    # As a user has them, warnings are no errors: an old release of one package warns of a new release of another.
    succeed(python, "-m", "pytest", "-q", "-n", "0", "-W", "default", *SMOKE, cwd=copy)
