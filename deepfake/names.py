r"""Convert file names, which may hold any byte but two, to text that tables, file systems and terminals accept.

`as_text` is for stored names (table cells; `as_id` for ids), `shown` for what a person reads.
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
_MAY_CHANGE = re.compile(rf"[{_ODD}%]|\.zip/", re.IGNORECASE)  # one quick test, as nearly all paths stay as they are
_ESCAPED = re.compile(f"[{_ODD}%]")
_UNSHOWN = re.compile(f"[{_ODD}\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # includes marks that turn the text direction
_LONGEST = 240  # bytes in one part of a path after escaping; disks allow 255
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


def as_text(path: str) -> str:
    r"""Return a path as valid UTF-8 without control characters; distinct paths give distinct texts.

    An ordinary path stays as it is. Odd bytes become `%` and two capital hex digits, which `as_path` decodes. So does
    the dot of a folder whose name ends in `.zip`, since a face store may have an archive of that name. A percent sign
    is escaped only where it could be mistaken for one of these.
    Example:
        >>> as_text("clips/50%.mp4"), as_text("a\r\udcff.mp4"), as_text("a%0D.mp4")
        ('clips/50%.mp4', 'a%0D%FF.mp4', 'a%250D.mp4')
    """
    if not _MAY_CHANGE.search(path):
        return path
    *folders, name = path.split("/")
    return "/".join([*(_ZIP.sub(r"%2E\1", _part_as_text(folder)) for folder in folders), _part_as_text(name)])


def as_id(path: str) -> str:
    """Return a path as text for a video's id; a part that escaping made too long for a disk is cut and gets a hash."""
    parts = zip(as_text(path).split("/"), path.split("/"), strict=True)
    return "/".join(text if text == part else fitted(text, _LONGEST) for text, part in parts)


def as_path(text: str) -> str:
    r"""Return the path that `as_text` turned into this text.

    Example:
        >>> as_path("a%0D%FF.mp4") == "a\r\udcff.mp4", as_path("clips/50%.mp4")
        (True, 'clips/50%.mp4')
    """
    return "/".join(map(_part_as_path, text.split("/")))


def shown(text: object) -> str:
    r"""Return text that is safe to print on a terminal: control characters and bytes that are not UTF-8 are escaped.

    Example:
        >>> print(shown("a\r\x1b[31m\udcff.mp4"))
        a\r\x1b[31m\xff.mp4
    """
    return _UNSHOWN.sub(_escape_for_people, str(text))


class ShowNames(logging.Filter):
    """Makes log records safe for a terminal: names in a message are escaped and stay on one line, as in `shown`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Escape the record's names in place; always return True."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shown_argument(value) for value in record.args)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # the arguments do not fit the message; the handler reports that
            return True
        lines = "\n".join(map(shown, message.split("\n")))  # line breaks of the message itself stay
        if lines != message:
            record.msg, record.args = lines, None
        return True


def quoted(value: object) -> str:
    """Return a value as Python would write it, shortened where it is long or deeply nested.

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
    """Return a part of a path as it is, or cut to its first 200 bytes of UTF-8 with a hash of the whole appended.

    Args:
        part: a part of a path, without slashes.
        max_bytes: the most bytes that it may have; at least 217.

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
