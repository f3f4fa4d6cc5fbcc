"""Values of every kind against types of every kind, as from a user or an untrusted file."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from deepfake.errors import ConfigError
from deepfake.options import fault, parameters, typed
from deepfake.ranges import Above0, Confidence, Count, Device, FolderName, Length, Means, PathName, Seed, Share
from deepfake.schema import Split


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, int, 3),
        (3, float, 3.0),
        (0.5, float, 0.5),
        (True, bool, True),
        ("webp", str, "webp"),
        ("webp", Literal["webp", "png"], "webp"),
        ("test", Split, Split.TEST),
        (None, int | None, None),
        (3, int | None, 3),
        ([1, 0.5], tuple[float, float], (1.0, 0.5)),
        ([1, 2], Sequence[int], [1, 2]),
        (0, Share, 0.0),
        (1, Share, 1.0),
        ([0, 0, 0], Means, [0.0, 0.0, 0.0]),
        ("cuda:1", Device, "cuda:1"),
        ("a b.c", FolderName, "a b.c"),
        ("a/b", PathName, "a/b"),
        ("\udcff.mp4", PathName, "\udcff.mp4"),  # bytes that are not valid text
    ],
)
def test_what_fits(value: Any, kind: Any, expected: Any) -> None:
    assert fault("a", value, kind) is None
    found = typed("of", {"a": value}, {"a": kind})["a"]
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (2.5, int, "a is 2.5: give a whole number"),
        (2.0, int, "a is 2.0: give a whole number"),
        (True, int, "a is true: give a whole number"),
        ("x/../..", int, "a is 'x/../..': give a whole number"),
        ("3", int, "a is '3': give a whole number"),
        (None, int, "a is null: give a whole number"),
        ([1], int, "a is [1]: give a whole number"),
        ({"b": 1}, float, "a is {b: 1}: give a number"),
        (True, float, "a is true: give a number"),
        (math.nan, float, "a is nan: give a number"),
        (math.inf, float, "a is inf: give a number"),
        (10**400, float, f"a is 1{'0' * 51} ...: give a number"[:5]),
        (1, bool, "a is 1: give true or false"),
        (1, str, "a is 1: give a word"),
        ("b", int | None, "a is 'b': give a whole number, or null"),
        ([0.5], tuple[float, float], "a is [0.5]: give a list of 2, each a number"),
        ([0.5, "b"], tuple[float, float], "a is [0.5, 'b']: give a list of 2, each a number"),
        ("bb", tuple[float, float], "a is 'bb': give a list of 2, each a number"),
        ("bb", Sequence[str], "a is 'bb': give a list, each a word"),
        ([], Annotated[Sequence[str], Field(min_length=1)], "a is []: give a list of 1 or more, each a word"),
        ("circle", Literal["square", "box"], "a is 'circle': choose one of square, box"),
        ("dev", Split, "a is 'dev': choose one of train, val, test"),
        (3, Path, "a is 3: give a path (as text: \"a='3'\")"),
        (1, None, "a is 1: give null"),
        ("", PathName, "a is '': give a path"),
        (0, Count, "a is 0: give a whole number, 1 or more"),
        (10**30, Count, "a is 1000000000000000000000000000000: give a whole number, 1 or more"),
        (0, Length, "a is 0: give a whole number from 1 to 10000"),
        (-1, Seed, "a is -1: give a whole number, 0 or more"),
        (0, Above0, "a is 0: give a number above 0"),
        (95, Confidence, "a is 95: give a number above 0 and below 1"),
        (1.5, Share, "a is 1.5: give a number from 0 to 1"),
        ("foo", Device, "a is 'foo': give auto, cpu, cuda, cuda:1 or mps"),
        ("..", FolderName, "a is '..': give a name"),
        ("a/b", FolderName, "a is 'a/b': give a name"),
    ],
)
def test_what_does_not_fit(value: Any, kind: Any, message: str) -> None:
    assert (fault("a", value, kind) or "").startswith(message)
    with pytest.raises(ConfigError):
        typed("of", {"a": value}, {"a": kind})


def test_all_that_is_wrong_is_said() -> None:
    with pytest.raises(ConfigError, match=r"^of.a is 'x': give a whole number; of.b is 2: give a number from 0 to 1$"):
        typed("of", {"a": "x", "b": 2, "c": 1}, {"a": int, "b": Share, "c": int})


def test_parameters_are_those_that_can_be_named() -> None:
    def function(first: int, *more: int, word: Word = "a", untyped=None, **others: int) -> None: ...  # type: ignore[no-untyped-def]

    found = parameters(function)
    assert list(found) == ["first", "word", "untyped"]
    assert found["first"].required and found["first"].or_null is None and not found["word"].required
    assert (found["first"].type, found["untyped"].type) == (int, Any)


Word = str
