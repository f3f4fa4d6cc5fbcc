r"""The letters of every picture. Names may be in any script, and a picture never shows an empty box for a letter.

DejaVu Sans, which comes with matplotlib, has the accents, Greek, Cyrillic and Arabic. Chinese, Japanese and Korean come
from the first font of `EAST_ASIAN` that this machine has. A letter that neither font has is written as its number, like
`\u4e2d`; on Debian and Ubuntu, `apt install fonts-noto-cjk` cures that.
"""

import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Literal

from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font
from PIL import ImageDraw, ImageFont

from deepfake.names import shown

LATIN = "DejaVu Sans"
EAST_ASIAN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # under this name matplotlib lists the file that holds all languages
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Malgun Gothic",
    "SimHei",
    "Arial Unicode MS",
)


class Lettering:
    """Writes text of one size on a Pillow image, each letter in the first font that has it.

    Args:
        size: of the letters, in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._fonts = {
            family: ImageFont.truetype(findfont(FontProperties(family=[family])), size) for family in families()
        }

    def length(self, text: str) -> float:
        """Return the width of a line in pixels."""
        return sum(self._fonts[family].getlength(part) for family, part in _runs(text))

    def write(
        self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: str, align: Literal["l", "m"] = "l"
    ) -> None:
        """Write a line.

        Args:
            draw: the image.
            at: the left end of the line that letters stand on, or its middle, in pixels.
            text: see `drawable`.
            fill: the colour.
            align: whether `at` is the left end or the middle.
        """
        x, y = at
        x -= self.length(text) / 2 if align == "m" else 0
        for family, part in _runs(text):
            draw.text((x, y), part, fill=fill, font=self._fonts[family], anchor="ls")
            x += self._fonts[family].getlength(part)

    def fitted(self, text: str, width: float, head_share: float = 1 / 3) -> str:
        """Shorten a text to this width in pixels."""
        return shorten(text, lambda line: self.length(line) <= width, head_share)


def drawable(text: object) -> str:
    r"""Return a text on one line as this machine's fonts can show it; letters that they lack become their numbers.

    Example:
        >>> print(drawable("caf\u00e9 \U000f0000\n"))
        café \U000f0000\n
    """
    composed = unicodedata.normalize("NFC", shown(text))  # file systems of Macs keep accents as letters of their own
    return "".join(letter if _family(letter) else letter.encode("unicode_escape").decode() for letter in composed)


def shorten(text: str, fits: Callable[[str], bool], head_share: float = 1 / 3) -> str:
    """Take letters out of a text until it fits; the end is what tells names of files apart, so more of it stays.

    Args:
        text: one line.
        fits: whether a line is short enough.
        head_share: of the letters that stay, the share that is taken from the front.

    Example:
        >>> shorten("Celeb-synthesis/id10_id11_0003", lambda line: len(line) <= 20)
        'Celeb-…d10_id11_0003'
    """
    kept, short = len(text), text
    while kept > 1 and not fits(short):
        kept -= 1
        head = int(kept * head_share)
        short = f"{text[:head]}…{text[len(text) - kept + head :]}"
    return short


@cache
def families() -> tuple[str, ...]:
    """Return the fonts in order of preference, as matplotlib takes them for `font.family`."""
    there = {entry.name for entry in fontManager.ttflist}
    return (LATIN, *[family for family in EAST_ASIAN if family in there][:1])


@cache
def _letters(family: str) -> frozenset[int]:
    return frozenset(FT2Font(findfont(FontProperties(family=[family]))).get_charmap())


def _family(letter: str) -> str | None:
    return next((family for family in families() if ord(letter) in _letters(family)), None)


def _runs(text: str) -> list[tuple[str, str]]:
    """Split a text into parts, each with the font that has its letters."""
    return [(family, "".join(part)) for family, part in groupby(text, lambda letter: _family(letter) or LATIN)]
