"""What a yaml file says about its keys, wherever yaml allows it to be said."""

import pytest

from deepfake.config.comments import read_comments


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("a: 1  # one\n", {"a": "one"}),
        ("a: 1\nb: 2\n", {}),
        ("# Header.\na: 1\n", {}),  # what a file begins with is about the file
        ("# Header.\n\n# One.\na: 1\n", {"a": "One."}),
        ("x: 0\n# Above,\n# in two lines.\na: 1\n", {"a": "Above, in two lines."}),
        ("x: 0\n# Above.\na: 1  # behind\n", {"a": "behind"}),
        ("x: 0\n# Not directly above.\n\na: 1\n", {}),
        ("a:   # a part\n  b: 1  # inside\n", {"a": "a part", "a.b": "inside"}),
        ("a:\n  # Above.\n  b: 1\n", {"a.b": "Above."}),
        ("a: {b: 1, c: 2}  # of both\n", {"a": "of both"}),
        ("a: [1,\n  2]  # two lines\n", {"a": "two lines"}),
        ("a: '#1'  # a number\n", {"a": "a number"}),
        ("a: ${oc.env:A,???}  # from outside\n", {"a": "from outside"}),
        ("a:  # nothing yet\n", {"a": "nothing yet"}),
        ("a: b#c\n", {}),
        ("", {}),
    ],
)
def test_a_comment_belongs_to_its_key(text: str, comments: dict[str, str]) -> None:
    assert read_comments(text).of_keys == comments


def test_a_header_is_a_text_and_its_examples() -> None:
    header = "# @package _global_\n# What it is,\n# in two lines.\n#   python a.py b=1\n#   python a.py b=2\nb: 1\n"
    found = read_comments(header)
    assert found.about == "What it is, in two lines."
    assert found.examples == ("python a.py b=1", "python a.py b=2")


def test_a_file_without_a_header_has_none() -> None:
    assert (read_comments("a: 1\n").about, read_comments("a: 1\n").examples) == ("", ())
