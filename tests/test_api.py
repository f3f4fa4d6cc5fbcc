"""The public names of every room: they can be imported, say what they are, and stand in docs/api.md.

`python -m tests.test_api` writes that page.
"""

import ast
import inspect
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

import deepfake
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "api.md"
HEAD = """# The public names

`python -m tests.test_api` writes this page from the docstrings, and that test checks it. All else is internal.
Names are imported from their room: `from deepfake.models.backbones import Backbone`.
"""


def rooms() -> list[str]:
    """The packages that have a public face, `deepfake` itself first."""
    root = Path(deepfake.__file__).parent
    found = sorted(path.parent.relative_to(root.parent) for path in root.rglob("__init__.pyi"))
    return [
        "deepfake",
        "deepfake.schema",
        "deepfake.errors",
        *(".".join(path.parts) for path in found),
        "deepfake.store",
    ]


def listed(room: str) -> list[str]:
    module = import_module(room)
    defined = (name for name, value in vars(module).items() if getattr(value, "__module__", "") == room)
    names: list[str] = list(getattr(module, "__all__", defined))
    return sorted(names)


def first_line(room: str, name: str) -> str:
    value = getattr(import_module(room), name)
    if inspect.isclass(value) or inspect.isfunction(value):
        doc = inspect.getdoc(value)
        assert doc, f"{room}.{name} has no docstring"
        held = f" Fields: {', '.join(each.name for each in fields(value))}." if is_dataclass(value) else ""
        return " ".join(doc.split("\n\n")[0].split()) + held
    return f"`{value!r}`"


def page() -> str:
    parts = [HEAD]
    for room in rooms():
        about = (import_module(room).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        parts.append(f"## {room}\n\n{about}\n")
        lines = [f"| `{name}` | {first_line(room, name).replace('|', chr(92) + '|')} |" for name in listed(room)]
        parts.append("\n".join(["| name | what it is |", "|---|---|", *lines]) + "\n")
    return "\n".join(parts)


@pytest.mark.parametrize("room", rooms())
def test_every_public_name_can_be_imported_and_says_what_it_is(room: str) -> None:
    assert listed(room)
    for name in listed(room):
        assert first_line(room, name)


def test_no_public_name_is_hidden_by_a_module_of_that_name() -> None:
    root = Path(deepfake.__file__).parent
    for stub in root.rglob("__init__.pyi"):
        names = {alias.name for node in ast.walk(ast.parse(stub.read_text())) if isinstance(node, ast.ImportFrom)
                 for alias in node.names}  # fmt: skip
        assert not names & {path.stem for path in stub.parent.glob("*.py")}, stub


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m tests.test_api writes docs/api.md"


if __name__ == "__main__":
    PAGE.write_text(page())
