r"""Names as disks have them, which may hold any byte but two, and as tables, file systems and screens can take them.

`as_text` is for what is kept (ids, cells of tables), `shown` for what a person reads.
"""

import hashlib
import re
import reprlib

# Control characters, line separators, and what stands in Python for a byte that is not UTF-8.
_ODD = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_NEEDS_ESCAPE = re.compile(f"[{_ODD}]|%(?:[0189A-F][0-9A-F]|25|2E|7F)")
_ESCAPED = re.compile(f"[{_ODD}%]")
_UNSHOWN = re.compile(f"[{_ODD}\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # also what turns the direction of writing
_LONGEST = 240  # bytes of one part of a path whose escapes made it longer; disks take 255
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


def as_text(path: str) -> str:
    r"""A path as valid UTF-8 without control characters; another path gives another text, and an ordinary one itself.

    Odd bytes become `%` and two capital hex digits, so `urllib.parse.unquote_to_bytes` gives them back. A percent sign
    is escaped only where it could be taken for one of these. A part that becomes too long for a disk is cut, and a
    hash added to it.

    Example:
        >>> as_text("clips/50%.mp4"), as_text("a\r\udcff.mp4"), as_text("a%0D.mp4")
        ('clips/50%.mp4', 'a%0D%FF.mp4', 'a%250D.mp4')
    """
    return "/".join(map(_part_as_text, path.split("/")))


def shown(text: object) -> str:
    r"""What can be sent to a terminal: control characters and bytes that are not UTF-8 by their escapes.

    Example:
        >>> print(shown("a\r\x1b[31m\udcff.mp4"))
        a\r\x1b[31m\xff.mp4
    """
    return _UNSHOWN.sub(_escape_for_people, str(text))


def quoted(value: object) -> str:
    """A value in a message: as Python would write it, cut where it is long or deep.

    Example:
        >>> quoted("a" * 200000), quoted([["a", "b"]])
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "[['a', 'b']]")
    """
    return _BRIEF.repr(value)


def _part_as_text(part: str) -> str:
    if not _NEEDS_ESCAPE.search(part):
        return part
    text = _ESCAPED.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), part)
    if len(text.encode()) <= _LONGEST:
        return text
    return f"{text.encode()[:200].decode(errors='ignore')}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _bytes(character: str) -> bytes:
    is_byte = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")


def _escape_for_people(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
