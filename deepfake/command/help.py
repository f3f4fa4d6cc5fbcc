"""Prints a command's help: what it does, two examples, and its options with their values and comments from the yaml."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.object_type import ObjectType
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from deepfake.config.comments import Comments, read_comments

_HIDDEN = ("_target_", "_partial_")  # the choice of a group decides these
_LINK = re.compile(r"\$\{[\w.]+\}")  # a value that only refers to another option
_FIRST = ("data", "model")  # groups that people look for
_USAGE = "Options are given as NAME=VALUE, and are shown with their current values."
_REQUIRED = " An option shown as ??? must be given."
_FLAGS = (
    ("hydra.run.dir=FOLDER", "the folder for the files of this run"),
    ("-m, --multirun", "run every combination of values separated by commas, as in seed=0,1,2"),
    ("-h, --help", "show this help, for the choices given with it"),
    ("--cfg job", "only print the composed config as YAML"),
    ("--version", "print the versions of this project and its main libraries"),
    ("--hydra-help", "show Hydra's own flags"),
)

_FIXED = "\xa0"  # a space at which lines are not broken

Row = tuple[str, str]  # `option=value`, and its comment


@dataclass(frozen=True, slots=True)
class Group:
    """A config group, of which the user chooses one file.

    Attributes:
        name: the group's name on the command line.
        package: the dotted name that its options begin with.
        chosen: the chosen file; None if none is chosen.
        choices: all files.
    """

    name: str
    package: str
    chosen: str | None
    choices: tuple[str, ...]


def help_text(loader: ConfigLoader, command: str, overrides: Sequence[str], width: int) -> str:
    """Return the whole help text.

    Args:
        loader: Hydra's loader of configs.
        command: the name of the command's config.
        overrides: the options that were given together with `--help`.
        width: width of the screen in characters.
    """
    cfg = loader.load_configuration(command, list(overrides), RunMode.RUN)
    files = loader.compute_defaults_list(command, list(overrides), RunMode.RUN).defaults
    groups = list(_groups(loader, cfg))
    own = _comments(loader, command)
    comments: dict[str, str] = {}
    for file in files:  # in the order of composition, so that later files win
        package = f"{file.package}." if file.package else ""
        of_keys = _comments(loader, str(file.config_path)).of_keys
        comments |= {f"{package}{name}": comment for name, comment in of_keys.items()}
    rows = list(_rows(cfg, comments))
    usage = _USAGE + _REQUIRED * any(option.endswith("=???") for _, (option, _) in rows)
    lines = [*wrap(own.about, width), "", "Examples:", *_examples(own.examples, width), "", *wrap(usage, width), ""]
    lines += _table([row for name, row in rows if _group_of(name, groups) is None], width)
    for group in groups:
        about = _comments(loader, f"{group.name.partition('@')[0]}/{group.chosen}").about if group.chosen else ""
        lines += ["", *_title(group, width), *_indented(about, width)]
        lines += _table([row for name, row in rows if _group_of(name, groups) == group], width)
        if group.chosen is None:
            choices = [
                (f"{group.name}={each}", _comments(loader, f"{group.name}/{each}").about) for each in group.choices
            ]
            lines += _table(choices, width)
    return "\n".join([*lines, "", "Also:", *_table(_FLAGS, width)])


def _groups(loader: ConfigLoader, cfg: DictConfig) -> Iterator[Group]:
    """Yield the groups of a command, those with a choice first, each followed by the groups inside it."""
    found, files = [], loader.repository  # type: ignore[attr-defined]  # the public way copies it each time
    for name, chosen in cfg.hydra.runtime.choices.items():
        path, _, package = str(name).partition("@")
        if path.partition("/")[0] != "hydra":
            choices = files.get_group_options(path, ObjectType.CONFIG)
            if "checkpoint" not in cfg:  # this choice takes options from the checkpoint that this option names
                choices = [choice for choice in choices if choice != "checkpoint"]
            found.append(Group(str(name), package or path.replace("/", "."), chosen, tuple(choices)))
    tops = [group for group in reversed(found) if "/" not in group.name]  # Hydra lists them in reverse
    for top in sorted(tops, key=lambda group: (len(group.choices) == 1, group.name not in _FIRST)):
        yield top
        yield from (group for group in found if group.name.startswith(f"{top.name}/") and len(group.choices) > 1)


def _group_of(name: str, groups: Sequence[Group]) -> Group | None:
    """Return the innermost group that an option belongs to."""
    holding = [group for group in groups if name == group.package or name.startswith(f"{group.package}.")]
    return max(holding, key=lambda group: len(group.package), default=None)


def _comments(loader: ConfigLoader, config: str) -> Comments:
    """Return the comments of a config, from the first place where Hydra finds it; none if it is not a file."""
    for source in loader.get_sources():
        path = Path(source.path, f"{config}.yaml")
        if source.scheme() == "file" and path.is_file():
            return read_comments(path.read_text())
    return Comments("", (), {})


def _rows(cfg: DictConfig, comments: dict[str, str]) -> Iterator[tuple[str, Row]]:
    """Yield names with their rows: all options, and those nodes that have a comment.

    Options inside a group that have no comment and only refer to another option are left out.
    """

    def walk(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Row]]:
        for key, value in node.items():
            name, comment = f"{prefix}{key}", comments.get(f"{prefix}{key}", "")
            if isinstance(value, dict) and value:
                if comment:
                    yield name, (name, comment)
                yield from walk(value, f"{name}.")
            elif key not in _HIDDEN and (comment or not prefix or not _LINK.fullmatch(str(value))):
                yield name, (f"{name}={_value(cfg, name, value)}", comment)

    raw: Any = OmegaConf.to_container(cfg, resolve=False)
    return walk({key: value for key, value in raw.items() if key != "hydra"}, "")


def _value(cfg: DictConfig, name: str, raw: Any) -> str:
    """Return an option's value; unresolved if it is another option's, or known only in a run."""
    if isinstance(raw, str) and ("${hydra:" in raw or _LINK.fullmatch(raw)):
        return raw
    try:
        found = OmegaConf.select(cfg, name) if isinstance(raw, str) and "${" in raw else raw
    except (OmegaConfBaseException, ValueError):
        found = raw
    return _shown(raw if found is None and raw is not None else found)


def _shown(value: Any) -> str:
    """Write a value as on the command line."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value) or "''"


def _examples(examples: Sequence[str], width: int) -> list[str]:
    """Return example commands that can be copied, also if they take two lines."""
    lines = []
    for example in examples:
        parts = [example] if len(example) + 2 <= width else _wrapped(example, width - 8)  # room for the backslash
        lines.append("  " + " \\\n      ".join(parts))
    return lines


def _title(group: Group, width: int) -> list[str]:
    """Return `data=celebdf|demo|folder  (now demo)`, broken only between choices."""
    if len(group.choices) == 1:
        return [group.name]
    choices = "| ".join(group.choices)
    lines = _wrapped(f"{group.name}={choices} {_FIXED}(now{_FIXED}{group.chosen or 'null'})", width - 4)
    lines = [line.replace("| ", "|").replace(_FIXED, " ") for line in lines]
    return [lines[0], *(f"    {line.strip()}" for line in lines[1:])]


def _table(rows: Sequence[Row], width: int) -> list[str]:
    """Lay out rows in two columns; a comment goes below an option that is too long for its column."""
    left = min(40, width * 2 // 5)
    lines: list[str] = []
    for option, comment in rows:
        name, right = _wrapped(option, width - 6), _wrapped(comment, width - left)
        lines += [f"  {name[0]}", *(f"      {more}" for more in name[1:])]
        if right and len(lines[-1]) + 2 <= left:
            lines[-1] = f"{lines[-1]:<{left}}{right.pop(0)}"
        lines += [f"{'':<{left}}{line}" for line in right]
    return lines


def _indented(text: str, width: int) -> list[str]:
    return [f"    {line}" for line in _wrapped(text, width - 4)]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False)
