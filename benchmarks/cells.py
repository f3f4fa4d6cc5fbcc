"""Numbers as a table's cells, also those that are not there."""

from collections.abc import Mapping
from typing import Any

NOT_MEASURED = "not measured"
CANNOT_TELL = "cannot be told"


def short(value: float | None) -> str:
    """Three digits that count, and no powers of ten.

    Example:
        >>> short(0.012345), short(1234.5), short(None)
        ('0.0123', '1234', 'cannot be told')
    """
    if value is None:
        return CANNOT_TELL
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def cell(row: Mapping[str, Any], key: str, form: str = "") -> str:
    """One number of a part that may have failed.

    Args:
        row: the part's numbers; a key is absent where it was not measured and None where it cannot be told.
        key: of the number.
        form: how to write it, as for `format`; three digits that count if empty.

    Example:
        >>> cell({"share": 0.5}, "share", ".0%"), cell({"share": None}, "share", ".0%"), cell({}, "share")
        ('50%', 'cannot be told', 'not measured')
    """
    if key not in row:
        return NOT_MEASURED
    value = row[key]
    return short(value) if value is None or not form else format(value, form)


def quotient(above: float | None, below: float | None) -> float | None:
    """None where one of the two is not known, or nothing can be divided by the second.

    Example:
        >>> quotient(3.0, 2.0), quotient(3.0, None), quotient(3.0, 0.0)
        (1.5, None, None)
    """
    return above / below if above is not None and below else None
