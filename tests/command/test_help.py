"""`--help` of every script, as people see it: what it does, two examples, and every option with its comment."""

import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from deepfake.command.command_line import LOADING, log_loading
from tests.conftest import REPOSITORY, Run

CONF = REPOSITORY / "conf"
SCRIPTS = sorted(path.stem for path in (REPOSITORY / "scripts").glob("*.py"))


@pytest.fixture
def shown(script: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a script with `--help` on a screen of some width, and returns what it prints."""

    def run(name: str, *options: str, width: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        assert script(name, *options, "--help") == 0
        out, err = capfd.readouterr()
        assert not err
        return out

    return run


def options(name: str, *overrides: str) -> Iterator[str]:
    """All of a composed config, but which code they belong to and those that only pass another one on."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg: Any = OmegaConf.to_container(compose(name, overrides=list(overrides)), resolve=False)

    def walk(node: Any, prefix: str) -> Iterator[str]:
        for key, value in node.items():
            if isinstance(value, dict) and value:
                yield from walk(value, f"{prefix}{key}.")
            elif key not in ("_target_", "_partial_") and not re.fullmatch(r"\$\{[\w.]+\}", str(value)):
                yield f"{prefix}{key}"

    return walk(cfg, "")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SCRIPTS)
def test_help_is_whole_and_fits_the_screen(name: str, width: int, shown: Any) -> None:
    text = shown(name, width=width)
    lines = text.splitlines()
    about = (CONF / f"{name}.yaml").read_text().splitlines()[0].removeprefix("# ")
    assert " ".join(lines[: lines.index("")]) == about
    assert lines[lines.index("") + 1] == "Examples:"
    assert sum(line.startswith(f"  python scripts/{name}.py ") for line in lines) >= 2
    assert max(map(len, lines)) <= width
    for option in options(name):
        assert f"\n  {option}=" in text, option
    assert "hydra/" not in text and "_target_" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_option_of_the_command_itself_has_a_line(name: str, shown: Any) -> None:
    text = shown(name, width=120)
    raw = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    groups = {
        str(key).removeprefix("override ") for entry in raw["defaults"] if isinstance(entry, dict) for key in entry
    }
    own = [key for key in raw if key not in ("defaults", "hydra", "paths", "models", *groups)]
    for key in own:
        assert re.search(rf"^  {key}(\.\w+)*(=\S+)?\s+\S", text, re.MULTILINE), key


def test_groups_are_shown_with_their_choices_and_the_chosen_one(shown: Any) -> None:
    text = shown("train")
    assert "\ndata=celebdf|celebdf_v1|demo|demo_b|dfdc|dfo|ffpp|folder  (now demo)\n" in text
    assert "\nmodel/temporal=attention|bilstm|gru|lstm|mean|transformer  (now mean)\n" in text
    assert "\ndebug=fast|overfit|profile  (now null)\n" in text
    assert "\n  debug=overfit " in text
    assert "benchmark" not in text and "training." not in text  # groups of other commands


def test_help_honours_what_is_given_beside_it(shown: Any) -> None:
    text = shown("train", "model=meso4_lstm", "seed=7", "data=celebdf", "data.root=/data")
    assert "(now meso4_lstm)" in text and "(now lstm)" in text and "(now celebdf)" in text
    assert "\n  seed=7 " in text and "\n  data.root=/data" in text
    for option in options("train", "model=meso4_lstm", "data=celebdf"):
        assert f"\n  {option}=" in text, option


def test_what_must_be_given_is_marked(shown: Any) -> None:
    text = shown("predict")
    assert (
        "\n  input=??? " in text
        and "\n  output=${paths.output_dir} " in text
        and "An option shown as ??? must be given" in " ".join(text.split())
    )
    assert "???" not in shown("inventory")


def test_a_choice_that_does_not_exist_is_one_line(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "model=meso5", "--help") == 1
    assert capfd.readouterr().err == "error: model has no choice meso5; did you mean meso4?\n"


def test_whoever_reads_only_the_beginning_gets_no_traceback() -> None:
    command = [sys.executable, str(REPOSITORY / "scripts" / "train.py"), "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_the_version_is_ours(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "--version") == 0
    line = capfd.readouterr().out
    assert re.fullmatch(r"deepfake \d+\.\d+\.\d+ \(torch \S+, pytorch-lightning \S+, hydra-core 1\.3\.\d+\)\n", line)


def test_hydras_own_help_stays(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("train", "--hydra-help") == 0
    assert "Hydra" in capfd.readouterr().out


def test_loading_is_announced_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    log_loading()
    monkeypatch.setitem(sys.modules, "torch", StringIO)  # type: ignore[arg-type]
    log_loading()
    assert caplog.messages == [LOADING]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_what_imports_for_seconds_says_so_first(path: Path) -> None:
    text = path.read_text()
    body = text[text.index("def main(") :]
    if path.stem != "inventory":  # it imports no torch
        assert body.index("log_loading()") < body.index("import ")
