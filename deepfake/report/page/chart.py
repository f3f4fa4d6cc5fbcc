"""A chart of the page: its drawing, and the same in words and as a table for those who do not see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from deepfake.report.page.look import DASHES, MUTED
from deepfake.report.palette import BAND_OPACITY

Mark = alt.Chart | alt.LayerChart
BAND, DIAMOND = "band", "diamond"  # in place of the dashes of a key
Steps = Literal["step-after", "step-before"]


class Key(NamedTuple):
    """A line of a chart's key, which stands in HTML so that it wraps on a phone.

    Attributes:
        text: what the mark is, with its numbers.
        colour: as CSS writes it.
        dashes: of a line, as SVG writes them; a dot if it is None; or `BAND`, `DIAMOND`.
    """

    text: str
    colour: str
    dashes: str | None = ""


class Table(NamedTuple):
    """A table of plain cells; a number is a float and has three decimals on the page.

    Attributes:
        heads: of the columns.
        rows: with a cell for each column.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure.

    Attributes:
        name: identifies it in the page: letters and hyphens.
        title: what is drawn.
        says: what it shows, in one sentence; screen readers read it instead of the drawing.
        drawing: what Vega-Lite draws.
        keys: what the colours and dashes stand for.
        table: the numbers behind it.
        note: how to read it; may be empty.
    """

    name: str
    title: str
    says: str
    drawing: Mark
    keys: Sequence[Key]
    table: Table
    note: str = ""

    def spec(self) -> dict[str, Any]:
        """Return the drawing as Vega-Lite's JSON, without a theme of its own."""
        spec: dict[str, Any] = self.drawing.properties(width="container", description=self.says).to_dict()
        spec.pop("config", None)
        return spec


def rows_of(table: pd.DataFrame | Mapping[str, Any]) -> alt.InlineData:
    """Return a table as data for a chart; what is NaN becomes null, since JSON has no NaN."""
    frame = pd.DataFrame(table)
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return alt.InlineData(values=[{name: _plain(value) for name, value in row.items()} for row in records])


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def layered(*marks: Mark, height: int | None = None) -> alt.LayerChart:
    """Return marks over one another, the first one lowest.

    Args:
        marks: share the axes that they name.
        height: in pixels; None for a part of a drawing.
    """
    drawing = alt.LayerChart(layer=[*marks])
    return drawing if height is None else drawing.properties(height=height)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of numbers.

    Attributes:
        title: what it shows.
        low: its lower end.
        high: its upper end.
        look: options of `altair.Axis`.
    """

    title: str
    low: float = 0.0
    high: float = 1.0
    look: Mapping[str, Any] = field(default_factory=dict)

    def x(self, name: str = "x") -> alt.X:
        """Return it as the horizontal axis of a column."""
        return alt.X(f"{name}:Q", title=self.title, scale=self._scale(), axis=alt.Axis(**self.look))

    def y(self, name: str = "y") -> alt.Y:
        """Return it as the vertical axis of a column."""
        return alt.Y(f"{name}:Q", title=self.title, scale=self._scale(), axis=alt.Axis(**self.look))

    def _scale(self) -> alt.Scale:
        return alt.Scale(domain=[self.low, self.high], nice=False, zero=False)


class Plane(NamedTuple):
    """Two axes, and the marks that several charts share."""

    across: Axis
    up: Axis

    def line(self, x: ArrayLike, y: ArrayLike, colour: str, **look: Any) -> alt.Chart:
        """Return a line through points in their order."""
        xs = np.asarray(x, float)
        data = rows_of({"order": np.arange(len(xs)), "x": xs, "y": np.asarray(y, float)})
        chart = alt.Chart(data).mark_line(color=colour, clip=True, **look)
        return chart.encode(x=self.across.x(), y=self.up.y(), order=alt.Order("order:Q"))

    def band(self, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, steps: Steps) -> alt.Chart:
        """Return a pale area between two curves.

        Args:
            x: rising.
            low: the lower ends.
            high: the upper ends.
            colour: of the area.
            steps: whether the ends hold up to the next x, or from the one before.
        """
        data = rows_of({"x": np.asarray(x, float), "low": np.asarray(low, float), "high": np.asarray(high, float)})
        area = alt.Chart(data).mark_area(color=colour, opacity=BAND_OPACITY, interpolate=steps, clip=True)
        return area.encode(x=self.across.x(), y=self.up.y("low"), y2="high:Q")

    def guide(self, x: ArrayLike, y: ArrayLike) -> alt.Chart:
        """Return a dotted line, which marks chance or perfection."""
        return self.line(x, y, MUTED, strokeDash=[2, 3], strokeWidth=1)

    def points(self, table: pd.DataFrame, colour: str, tips: Mapping[str, str], **look: Any) -> alt.LayerChart:
        """Return dots with their intervals.

        Args:
            table: `x`, `y`, of the ends `x_low`, `x_high`, `y_low`, `y_high` those that are known, and the columns of
                `tips`.
            colour: of all of them.
            tips: column -> what the pointer shows it as.
            look: options of the dots.
        """
        data = rows_of(table)
        shown = [alt.Tooltip(name, title=title, format="") for name, title in tips.items()]
        marks = [alt.Chart(data).mark_point(**{"color": colour, "filled": True, "size": 70, "opacity": 1, **look})]
        marks[0] = marks[0].encode(x=self.across.x(), y=self.up.y(), tooltip=shown)
        bars = alt.Chart(data).mark_rule(color=colour, strokeWidth=1.5, clip=True)
        if "x_low" in table:
            marks.append(bars.encode(x=self.across.x("x_low"), x2="x_high:Q", y=self.up.y()))
        if "y_low" in table:
            marks.append(bars.encode(y=self.up.y("y_low"), y2="y_high:Q", x=self.across.x()))
        return layered(*marks)


def dashes_of(number: int) -> str:
    """Return the dashes of the line with this number, as SVG writes them."""
    return DASHES[number % len(DASHES)]
