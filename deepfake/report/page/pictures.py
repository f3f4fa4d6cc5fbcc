"""The charts and tables of the page for places that show no page, such as a dashboard.

Each picture is whole: it has its title, what it is of, and its key, which on the page stand in HTML around the drawing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import vl_convert
from matplotlib import get_data_path

from deepfake.report.lettering import LATIN, shorten
from deepfake.report.page.chart import BAND, DIAMOND, Chart, Key, Mark, Table
from deepfake.report.page.look import CONFIG, INK, LIGHT
from deepfake.report.page.run_files import read_run
from deepfake.report.page.sections import Section, sections
from deepfake.report.page.summary import subject
from deepfake.report.palette import BAND_OPACITY

_WIDTH, _SCALE = 640, 1.5  # of the drawing in pixels, and how many of the picture one of these is
_LINE, _MARK, _TEXT = 20, 26, 34  # of the key: height of a line, width of a mark, where the text begins
_LONGEST = 105  # letters of a line of the key


class Picture(NamedTuple):
    """A chart as a picture.

    Attributes:
        png: content of the file.
        caption: what it shows, and how to read it.
    """

    png: bytes
    caption: str


class Shared(NamedTuple):
    """What a page has to show elsewhere, by `<split>/<name>`.

    Attributes:
        pictures: its charts.
        tables: its small tables.
    """

    pictures: dict[str, Picture]
    tables: dict[str, Table]


def shared_content(folder: Path) -> Shared:
    """Return the charts and tables of a run's page; no video's name and no face is among them.

    Args:
        folder: as for `write_page`.

    Raises:
        ConfigError: there is no `metrics.json`.
    """
    run = read_run(folder)
    of_run = subject(run)
    found = [(section, "val" if section.about else run.split) for section in sections(run)]
    charts = {f"{split}/{chart.name}": (chart, section) for section, split in found for chart in section.charts}
    pictures = {key: _picture(chart, section, of_run) for key, (chart, section) in charts.items()}
    tables = {f"{split}/{section.name}": table for section, split in found for table in section.tables.values()}
    return Shared(pictures, tables)


def _picture(chart: Chart, section: Section, about: str) -> Picture:
    return Picture(chart_png(chart, section.about or about), " ".join(filter(None, (chart.says, chart.note))))


def chart_png(chart: Chart, about: str) -> bytes:
    """Return a chart as a PNG, in the light theme.

    Args:
        chart: what is drawn.
        about: data, model and counts.
    """
    _register_font()
    title = alt.TitleParams(chart.title, subtitle=about, anchor="start", frame="group", offset=12)
    drawing = chart.drawing.properties(width=_WIDTH, title=title)
    spec = alt.vconcat(drawing, *_key_block(chart.keys), spacing=14).to_dict()
    spec["config"] = {**CONFIG, "font": LATIN, "background": "var(--paper)", "padding": 14}
    png: bytes = vl_convert.vegalite_to_png(_coloured(spec), scale=_SCALE)
    return png


@cache
def _register_font() -> None:
    """Let pictures have the letters of all others, whatever fonts this machine has."""
    vl_convert.register_font_directory(str(Path(get_data_path()) / "fonts" / "ttf"))


def _key_block(keys: Sequence[Key]) -> Iterator[Mark]:
    """Yield the key as a drawing of its own, if there is one."""
    if keys:
        marks = [mark for place, key in enumerate(keys) for mark in _key_marks(key, _LINE * (place + 0.5))]
        yield alt.LayerChart(layer=marks).properties(width=_WIDTH, height=_LINE * len(keys))


def _key_marks(key: Key, y: float) -> list[alt.Chart]:
    """Return mark and text of one line of a key, whose middle is at `y` pixels."""
    at: dict[str, Any] = {"x": alt.value(0), "x2": alt.value(_MARK), "y": alt.value(y)}
    one = alt.Chart(alt.InlineData(values=[{}]))
    if key.dashes == BAND:
        sides = {**at, "y": alt.value(y - 6), "y2": alt.value(y + 6)}
        mark = one.mark_rect(color=key.colour, opacity=BAND_OPACITY).encode(**sides)
    elif key.dashes in (None, DIAMOND):
        shape = "circle" if key.dashes is None else "diamond"
        dot = one.mark_point(color=key.colour, filled=True, size=90, opacity=1, shape=shape)
        mark = dot.encode(x=alt.value(_MARK / 2), y=at["y"])
    else:
        dashes = [float(part) for part in key.dashes.split()] or [1, 0]
        mark = one.mark_rule(color=key.colour, strokeWidth=3, strokeDash=dashes).encode(**at)
    text = shorten(key.text, lambda line: len(line) <= _LONGEST)
    words = one.mark_text(align="left", baseline="middle", color=INK, fontSize=12)
    return [mark, words.encode(x=alt.value(_TEXT), y=at["y"], text=alt.value(text))]


def _coloured(spec: Mapping[str, Any]) -> str:
    """Return a drawing with colours in place of the page's CSS variables."""
    text = json.dumps(spec)
    for name, colour in LIGHT.items():
        text = text.replace(f"var({name})", colour)
    return text
