"""How the page looks: its colours in both themes, and what its charts share.

Charts name CSS variables instead of colours, so one drawing serves both themes and print.
"""

from collections.abc import Mapping
from typing import Any

from deepfake.report.palette import FAKE, METHODS, REAL, UNLABELLED, of_method

# Dark themes have lighter shades of the same hues, since the palette's dark ones would vanish on a dark ground.
_PALETTE = {REAL: "#4aa3df", FAKE: "#f0803c", UNLABELLED: "#9aa0a6"} | dict(
    zip(METHODS, ("#2bc49a", "#e29cc0", "#9a8cf0", "#e6b800", "#d06a9e", "#7cc8f2", "#b5b54a"), strict=True)
)
_NAMES = {REAL: "--real", FAKE: "--fake", UNLABELLED: "--other"} | {
    colour: f"--method-{i}" for i, colour in enumerate(METHODS)
}
LIGHT: Mapping[str, str] = {
    "--paper": "#ffffff",
    "--raised": "#f6f7f9",
    "--ink": "#1d2126",
    "--muted": "#5a626c",
    "--line": "#d9dde3",
    "--grid": "#e9ecf0",
    "--link": "#0a5a94",
    **{name: colour for colour, name in _NAMES.items()},
}
DARK: Mapping[str, str] = {
    "--paper": "#15181c",
    "--raised": "#1e2227",
    "--ink": "#e6e8ea",
    "--muted": "#a3abb4",
    "--line": "#3a4149",
    "--grid": "#2a3037",
    "--link": "#7cc0f5",
    **{name: _PALETTE[colour] for colour, name in _NAMES.items()},
}
INK, MUTED, REAL_INK, FAKE_INK = "var(--ink)", "var(--muted)", "var(--real)", "var(--fake)"
DASHES = ("", "6 3", "2 2", "8 2 2 2", "10 4", "4 2 1 2")
_AXIS = {
    "domainColor": "var(--line)",
    "tickColor": "var(--line)",
    "gridColor": "var(--grid)",
    "labelColor": MUTED,
    "titleColor": MUTED,
    "titleFontWeight": "normal",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titlePadding": 8,
}
CONFIG: Mapping[str, Any] = {
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": _AXIS,
    "text": {"color": INK, "fontSize": 12},
}


def method_ink(method: str) -> str:
    """Return the colour of a method as a CSS variable; see `deepfake.report.palette.of_method`.

    Example:
        >>> method_ink("Deepfakes"), method_ink("real")
        ('var(--method-1)', 'var(--real)')
    """
    return f"var({_NAMES[of_method(method)]})"


def numbered_ink(number: int) -> str:
    """Return the colour of the item with this number in a chart of neither classes nor methods."""
    return f"var({_NAMES[METHODS[number % len(METHODS)]]})"


def dash(number: int) -> list[int]:
    """Return the dashes of the line with this number.

    Example:
        >>> dash(0), dash(1)
        ([], [6, 3])
    """
    return [int(part) for part in DASHES[number % len(DASHES)].split()]
