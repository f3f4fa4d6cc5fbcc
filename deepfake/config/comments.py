"""Reads the comments of a yaml file, its header and those of its keys, for help screens."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a yaml file.

    Attributes:
        about: the text of the header, in one line.
        examples: the commands at the end of the header, each of which begins with `python`.
        of_keys: dotted name of a key -> its comment.
    """

    about: str
    examples: tuple[str, ...]
    of_keys: dict[str, str]


def read_comments(text: str) -> Comments:
    """Collect the comments of a yaml file.

    The header is the comment that the file begins with. The comment of a key stands at the end of its line, or on the
    lines directly above it.

    Args:
        text: the content of the file.

    Example:
        >>> header = "# Colours.\\n#   python show.py red=1\\n"
        >>> keys = "red: 1  # 0 to 1\\n# Of two kinds.\\nblue:\\n  a: 2\\n"
        >>> found = read_comments(header + keys)
        >>> found.about, found.examples, found.of_keys
        ('Colours.', ('python show.py red=1',), {'red': '0 to 1', 'blue': 'Of two kinds.'})
    """
    lines = text.splitlines()
    size = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = [words for line in lines[:size] if not (words := _words(line)).startswith("@package")]
    first = next((i for i, line in enumerate(header) if line.startswith("python ")), len(header))
    root = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = _of_keys(root, lines, size, "") if isinstance(root, yaml.MappingNode) else ()
    return Comments(" ".join(header[:first]).strip(), tuple(header[first:]), dict(found))


def _of_keys(node: yaml.MappingNode, lines: list[str], size: int, prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        in_block = isinstance(value, yaml.CollectionNode) and not value.flow_style
        end = key.end_mark if in_block else value.end_mark
        rest = lines[end.line][end.column :].lstrip(": ") if end.line < len(lines) else ""
        comment = _words(rest) if rest.startswith("#") else _above(lines, key.start_mark.line, size)
        if comment:
            yield name, comment
        if in_block and isinstance(value, yaml.MappingNode):
            yield from _of_keys(value, lines, size, f"{name}.")


def _above(lines: list[str], at: int, size: int) -> str:
    """Return the comment directly above a line, unless it is the header."""
    first = at
    while first > size and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(map(_words, lines[first:at]))


def _words(line: str) -> str:
    return line.strip().removeprefix("#").strip()
