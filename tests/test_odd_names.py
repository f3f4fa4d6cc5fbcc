"""File names that are not valid text, or that mean something to a terminal, a table or a file system."""

import csv
import io
import logging
import os
import random

import pandas as pd
import pytest

from deepfake.names import ShowNames, as_id, as_path, as_text, quoted, shown

PIECES = ["a", "é", "名", "%", "%0D", "%25", "%2E", "50%", " ", "\r", "\n", "\x1b[31m", "\udcff", "\udcc3", "/", ".zip",
          ".mp4", "[red]", "[/x]", ":smile:", ",", '"', "'", "\\", "$", "\u2028", "\x7f", "\x85"]  # fmt: skip


def _names() -> list[str]:
    draw = random.Random(0)
    drawn = {"".join(draw.choices(PIECES, k=draw.randint(1, 5))).strip("/") for _ in range(5000)}
    return sorted(os.fsdecode(os.fsencode(name)) for name in drawn if name and "//" not in name)


def test_a_text_is_ordinary_and_reads_back() -> None:
    names = _names()
    texts = [as_text(name) for name in names]
    assert len(set(texts)) == len(names) > 3000
    for name, text in zip(names, texts, strict=True):
        assert text.encode() and text.replace("\u00a0", " ").isprintable()
        assert as_path(text) == name
        assert text.count("/") == name.count("/")
        assert not any(folder.endswith(".zip") for folder in text.split("/")[:-1])
        assert as_id(name) == text  # none is long


def test_tables_keep_the_texts() -> None:
    texts = [as_text(name) for name in _names()]
    content = pd.DataFrame({"path": texts, "score": 0.5}).to_csv(index=False).encode()
    assert pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)["path"].to_list() == texts
    assert [row["path"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))] == texts


def test_ordinary_names_stay() -> None:
    for name in ("clips/a b.mp4", "50%.mp4", "100%real.mp4", "名/é.mp4", "[red]x.mp4", "-x"):
        assert as_text(name) == as_id(name) == name


def test_ids_fit_on_a_disk_and_stay_apart() -> None:
    long = ["\r" * 100 + f"{letter}/" + "\udcff" * 200 + f"{letter}.mp4" for letter in "ab"]
    ids = [as_id(name) for name in long]
    assert all(len(part.encode()) <= 255 for id_ in ids for part in id_.split("/"))
    assert len({part for id_ in ids for part in id_.split("/")}) == 4
    assert [as_path(as_text(name)) for name in long] == long
    assert as_id("x" * 255) == "x" * 255


def test_what_is_shown_is_safe_and_on_one_line() -> None:
    assert shown("a\r\n\x1b[31m\x07\udcff\u202e\x9b.mp4") == "a\\r\\n\\x1b[31m\\x07\\xff\\u202e\\x9b.mp4"
    for name in _names():
        assert len(shown(name).splitlines()) == 1 and shown(shown(name)) == shown(name)
        shown(name).encode()


def test_quoted_is_short() -> None:
    assert len(quoted("a" * 10**6)) < 100
    assert len(quoted([["x"] * 100] * 100)) < 1000
    assert quoted("a\x1b") == "'a\\x1b'"


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        ("%s: bad", ("a\x1b[2J\n\udcff",), "a\\x1b[2J\\n\\xff: bad"),
        ("%d of %.1f", (3, 0.5), "3 of 0.5"),
        ("a\x1b", (), "a\\x1b"),
        ("two\nlines", (), "two\nlines"),
        ("%(x)s", ({"x": "a\r"},), "a\\r"),
        ("%s", (OSError(2, "no\x1b"),), "[Errno 2] no\\x1b"),
        ("100%", (), "100%"),
    ],
)
def test_log_lines(message: str, arguments: tuple[object, ...], expected: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, message, arguments, None)
    assert ShowNames().filter(record)
    assert record.getMessage() == expected


def test_a_log_line_whose_arguments_do_not_fit_is_left_to_its_handler() -> None:
    assert ShowNames().filter(logging.LogRecord("x", logging.INFO, "x.py", 1, "%d", ("a",), None))
