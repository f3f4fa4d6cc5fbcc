"""Options of every type, given as a user or a stranger's file gives them."""

from typing import Any

import pytest

from deepfake.errors import ConfigError
from deepfake.faces.typed import typed


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, int, 3),
        (3, float, 3.0),
        (0.5, float, 0.5),
        (True, bool, True),
        ("webp", str, "webp"),
        (None, int | None, None),
        (3, int | None, 3),
        ([1, 0.5], tuple[float, float], [1.0, 0.5]),
    ],
)
def test_what_fits(value: Any, kind: Any, expected: Any) -> None:
    found = typed("a", value, kind)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (2.5, int, "a is 2.5: give a whole number"),
        (True, int, "a is True: give a whole number"),
        ("x/../..", int, "a is 'x/../..': give a whole number"),
        (None, int, "a is null: give a whole number"),
        ([1], int, r"a is \[1\]: give a whole number"),
        ({"b": 1}, float, "give a number"),
        (True, float, "a is True: give a number"),
        (float("nan"), float, "a is nan: give a number"),
        (float("inf"), float, "a is inf: give a number"),
        (10**400, float, "give a number"),
        (1, bool, "a is 1: give true or false"),
        (1, str, "a is 1: give a word"),
        ("b", int | None, "a is 'b': give a whole number"),
        ([0.5], tuple[float, float], "give a list of 2"),
        ([0.5, "b"], tuple[float, float], "a is 'b': give a number"),
        ("bb", tuple[float, float], "a is 'bb': give a list of 2"),
    ],
)
def test_what_does_not_fit(value: Any, kind: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        typed("a", value, kind)
