"""Text in pictures."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from deepfake.report import lettering
from deepfake.report.lettering import EAST_ASIAN, LATIN, Lettering, drawable, families, shorten

CHINESE = "\u4e2d"


@pytest.fixture
def latin_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a font for Chinese."""
    monkeypatch.setattr(lettering, "EAST_ASIAN", ())
    families.cache_clear()
    yield
    families.cache_clear()


def ink(text: str) -> np.ndarray:
    """The pixels of a text."""
    image = Image.new("RGB", (120, 40), "#FFFFFF")
    Lettering(20).write(ImageDraw.Draw(image), (5, 30), text, "#000000")
    return np.asarray(image)


def test_accents_are_drawn_and_no_two_look_alike() -> None:
    assert drawable("é ñ Ж Ω") == "é ñ Ж Ω"
    pictures = [ink(letter).tobytes() for letter in "eéèñЖΩ"]
    assert len(set(pictures)) == 6


def test_an_accent_on_its_own_joins_its_letter() -> None:
    assert drawable("cafe\u0301") == "caf\u00e9"


def test_a_letter_that_no_font_has_is_written_as_its_number() -> None:
    assert drawable("a\U000f0000b") == "a\\U000f0000b"


@pytest.mark.usefixtures("latin_alone")
def test_without_a_font_for_it_chinese_is_written_in_numbers() -> None:
    assert families() == (LATIN,)
    assert drawable(f"a{CHINESE}b\n") == "a\\u4e2db\\n"


@pytest.mark.skipif(len(families()) == 1, reason="this machine has no font for Chinese")
def test_chinese_is_drawn_with_the_font_that_has_it() -> None:
    assert drawable(f"a{CHINESE}b") == f"a{CHINESE}b" and families()[1] in EAST_ASIAN
    assert ink(CHINESE).tobytes() != ink("\u6587").tobytes()  # two empty boxes would be the same
    letters = Lettering(20)
    assert letters.length(f"a{CHINESE}b") == pytest.approx(sum(map(letters.length, ("a", CHINESE, "b"))))


def test_a_long_name_keeps_more_of_its_end_and_fills_the_width() -> None:
    letters = Lettering(13)
    short = letters.fitted("Celeb-synthesis/id10_id11_0003", 120)
    head, tail = short.split("…")
    assert "Celeb-synthesis/id10_id11_0003".startswith(head) and tail.endswith("id11_0003")
    assert 105 < letters.length(short) <= 120
    assert letters.fitted("clip_3", 120) == "clip_3"


def test_a_folder_loses_its_front() -> None:
    assert shorten("manipulated/c23/videos/", lambda text: len(text) <= 12, head_share=0) == "…c23/videos/"


def test_what_fits_nowhere_ends() -> None:
    assert shorten("abc", lambda text: False) == "…c"
    assert shorten("", lambda text: False) == ""


def test_text_is_set_around_its_middle() -> None:
    image = Image.new("RGB", (200, 40), "#FFFFFF")
    Lettering(20).write(ImageDraw.Draw(image), (100, 30), "HHHH", "#000000", "m")
    columns = np.flatnonzero((np.asarray(image)[..., 0] < 128).any(axis=0))
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(100, abs=2)
