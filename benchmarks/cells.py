"""Writes numbers as cells of a table, including missing ones."""

from collections.abc import Mapping
from typing import Any

NOT_MEASURED = "not measured"
UNKNOWN = "unknown"


def short(value: float | None) -> str:
    """Write a number with three significant digits and no exponent.

    Example:
        >>> short(0.012345), short(1234.5), short(None)
        ('0.0123', '1234', 'unknown')
    """
    if value is None:
        return UNKNOWN
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def cell(row: Mapping[str, Any], key: str, form: str = "") -> str:
    """Write one number of a part that may have failed.

    Args:
        row: the part's numbers; a key is absent if it was not measured, and its value None if it is unknown.
        key: key of the number.
        form: how to write it, as for `format`; three significant digits if empty.

    Example:
        >>> cell({"share": 0.5}, "share", ".0%"), cell({"share": None}, "share", ".0%"), cell({}, "share")
        ('50%', 'unknown', 'not measured')
    """
    if key not in row:
        return NOT_MEASURED
    value = row[key]
    return short(value) if value is None or not form else format(value, form)


def quotient(above: float | None, below: float | None) -> float | None:
    """Divide two numbers; None if either is unknown or the second is 0.

    Example:
        >>> quotient(3.0, 2.0), quotient(3.0, None), quotient(3.0, 0.0)
        (1.5, None, None)
    """
    return above / below if above is not None and below else None
