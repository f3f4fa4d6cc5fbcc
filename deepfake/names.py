r"""Names as disks have them, which may hold any byte but two, and as tables, file systems and screens can take them.

`as_text` is for what is kept (cells of tables; `as_id` for ids), `shown` for what a person reads.
"""

import logging
import os
import re
import reprlib
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from deepfake.content import digest_of_bytes

# Control characters, line separators, and what stands in Python for a byte that is not UTF-8.
_ODD = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_NEEDS_ESCAPE = re.compile(f"[{_ODD}]|%(?:[0189A-F][0-9A-F]|25|2E|7F)")
_ZIP = re.compile(r"\.(zip)$", re.IGNORECASE)
_MAY_CHANGE = re.compile(rf"[{_ODD}%]|\.zip/", re.IGNORECASE)  # of a path; one look tells that nearly all stay
_ESCAPED = re.compile(f"[{_ODD}%]")
_UNSHOWN = re.compile(f"[{_ODD}\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # also what turns the direction of writing
_LONGEST = 240  # bytes of one part of a path whose escapes made it longer; disks take 255
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


def as_text(path: str) -> str:
    r"""A path as valid UTF-8 without control characters; another path gives another text, and an ordinary one itself.

    Odd bytes become `%` and two capital hex digits; `as_path` gives them back. So does the dot of a folder whose name
    ends in `.zip`, since a face store may have an archive of that name. A percent sign is escaped only where it could
    be taken for one of these.

    Example:
        >>> as_text("clips/50%.mp4"), as_text("a\r\udcff.mp4"), as_text("a%0D.mp4")
        ('clips/50%.mp4', 'a%0D%FF.mp4', 'a%250D.mp4')
    """
    if not _MAY_CHANGE.search(path):
        return path
    *folders, name = path.split("/")
    return "/".join([*(_ZIP.sub(r"%2E\1", _part_as_text(folder)) for folder in folders), _part_as_text(name)])


def as_id(path: str) -> str:
    """The same for a video's id: a part whose escapes made it too long for a disk is cut, and a hash added to it."""
    parts = zip(as_text(path).split("/"), path.split("/"), strict=True)
    return "/".join(text if text == part else fitted(text, _LONGEST) for text, part in parts)


def as_path(text: str) -> str:
    r"""The path that a text of `as_text` stands for.

    Example:
        >>> as_path("a%0D%FF.mp4") == "a\r\udcff.mp4", as_path("clips/50%.mp4")
        (True, 'clips/50%.mp4')
    """
    return "/".join(map(_part_as_path, text.split("/")))


def shown(text: object) -> str:
    r"""What can be sent to a terminal: control characters and bytes that are not UTF-8 by their escapes.

    Example:
        >>> print(shown("a\r\x1b[31m\udcff.mp4"))
        a\r\x1b[31m\xff.mp4
    """
    return _UNSHOWN.sub(_escape_for_people, str(text))


class ShowNames(logging.Filter):
    """Makes log records fit for a terminal: names in a message are shown on one line, as `shown` does."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it always passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shown_argument(value) for value in record.args)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit: for the handler to report
            return True
        lines = "\n".join(map(shown, message.split("\n")))  # what somebody wrote on several lines stays there
        if lines != message:
            record.msg, record.args = lines, None
        return True


def quoted(value: object) -> str:
    """A value in a message: as Python would write it, cut where it is long or deep.

    Example:
        >>> quoted("a" * 200000), quoted([["a", "b"]])
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "[['a', 'b']]")
    """
    return _BRIEF.repr(value)


def _shown_argument(value: object) -> object:
    return shown(value) if isinstance(value, str | os.PathLike | BaseException) else value


def _part_as_text(part: str) -> str:
    if not _NEEDS_ESCAPE.search(part):
        return part
    return _ESCAPED.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), part)


def fitted(part: str, max_bytes: int) -> str:
    """A part of a path in UTF-8 as it is, or cut to its first 200 bytes with a hash of all of it behind them.

    Args:
        part: without slashes.
        max_bytes: that it may have; at least 217.

    Example:
        >>> fitted("a", 240), len(fitted("a" * 300, 240))
        ('a', 217)
    """
    content = part.encode()
    if len(content) <= max_bytes:
        return part
    return f"{content[:200].decode(errors='ignore')}-{digest_of_bytes(content, 8)}"


def _part_as_path(text: str) -> str:
    return unquote_to_bytes(text).decode(errors="surrogateescape") if _NEEDS_ESCAPE.search(text) else text


def _bytes(character: str) -> bytes:
    is_byte = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")


def _escape_for_people(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def first_few(names: Sequence[str]) -> str:
    """Join the first three of many names for a message, and say how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
