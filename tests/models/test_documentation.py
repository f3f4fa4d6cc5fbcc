"""The examples of docs/models.md, put in their places, take a training step."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hydra import compose, initialize_config_dir

from tests.conftest import REPOSITORY
from tests.test_configs import take_a_step


def _files() -> dict[str, str]:
    """Name -> content of each file that docs/models.md shows: a block belongs to the path named last before it."""
    found, text = {}, (REPOSITORY / "docs" / "models.md").read_text()
    parts = text.split("```")
    for before, block in zip(parts[::2], parts[1::2], strict=False):
        names = [name for name in before.split("`")[1::2] if name.endswith((".py", ".yaml")) and "/" in name]
        found[names[-1]] = block.partition("\n")[2]
    return found


FILES = _files()


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Puts modules into `sys.modules`, and returns the folder of the yamls."""
    folder = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        for name, content in FILES.items():
            if name.endswith(".py"):
                module = ModuleType(name.removesuffix(".py").replace("/", "."))
                exec(content, module.__dict__)
                patch.setitem(sys.modules, module.__name__, module)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content)
        yield folder / "conf"


def test_all_files_are_there() -> None:
    assert sorted(FILES) == [
        "conf/model/backbone/tiny_resnet.yaml",
        "conf/model/resnet18.yaml",
        "conf/model/temporal/weighted.yaml",
        "conf/model/tiny_resnet.yaml",
        "deepfake/models/backbones/tiny_resnet.py",
        "deepfake/models/temporal/weighted.py",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["model=resnet18", "model.backbone.pretrained=false"],
        ["model=effnet", "model.backbone.name=resnet18.a1_in1k", "model.backbone.pretrained=false"],
        ["model=tiny_resnet"],
        ["model/backbone=tiny_resnet", "model.backbone.width=8"],
        ["model=meso4", "model/temporal=weighted", "representation=window"],
        ["model=tiny_resnet", "model/temporal=weighted", "representation=window"],
        ["model=meso4", "model/temporal=lstm", "representation=window"],
    ],
    ids=" ".join,
)
def test_it_takes_a_training_step(options: list[str], conf: Path) -> None:
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        cfg = compose("train", overrides=[*options, "model.size=64", f"hydra.searchpath=[file://{conf}]"])
    assert (cfg.model.clip_length > 1) == ("representation=window" in options)
    take_a_step(cfg)
