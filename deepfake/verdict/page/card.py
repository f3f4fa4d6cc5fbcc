"""A file's result as a card: HTML that stands on a page of ours or of others. Names in it are shown and never run."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from deepfake.names import shown
from deepfake.report.page.frame import environment
from deepfake.report.page.look import DARK, LIGHT
from deepfake.verdict.about import About
from deepfake.verdict.page.sentences import checked, clock, counted, cuts_of, headline, kind_of, seen, sentences
from deepfake.verdict.page.timeline import timelines
from deepfake.verdict.result import Explanation, FileResult, PersonResult

TEMPLATE = Path(__file__).parent / "template"
_MOST_PERSONS = 20  # on a card; predictions.json has all


def card_html(result: FileResult, about: About, *, name: str | None = None, number: int = 1) -> str:
    """Return the card of a file, an `<article class="card">`.

    Args:
        result: the file's result.
        about: what the detector is, as `Predictor.about` has it.
        name: how people are told of the file; None takes its path.
        number: tells the cards of one page apart.
    """
    return environment_of_cards().get_template("card.html").render(**_values(result, about, name, number))


def card_style(light: Mapping[str, str] = LIGHT, dark: Mapping[str, str] = DARK) -> str:
    """Return the CSS of cards that stand on a page of others; it touches nothing outside of them.

    A dark theme is chosen by the reader's system, or by a class `dark` on an element around the cards.

    Args:
        light: CSS variable -> colour.
        dark: the same in dark themes.
    """

    def variables(values: Mapping[str, str]) -> str:
        return "; ".join(f"{name}: {colour}" for name, colour in values.items())

    return (
        f".card {{ {variables(light)}; color-scheme: light; }}\n"
        f"@media (prefers-color-scheme: dark) {{ .card {{ {variables(dark)}; color-scheme: dark; }} }}\n"
        f".dark .card {{ {variables(dark)}; color-scheme: dark; }}\n{style()}"
    )


def style() -> str:
    """Return the CSS of cards on a page that has the colours of `deepfake.report.page.look`."""
    return (TEMPLATE / "card.css").read_text()


@cache
def environment_of_cards() -> Environment:
    """Return Jinja2 with the templates of cards and of the page around them."""
    found = environment(TEMPLATE)
    found.filters |= {"clock": clock, "headline": headline, "kind": kind_of, "checked": checked, "shown": shown}
    return found


def _values(result: FileResult, about: About, name: str | None, number: int) -> dict[str, Any]:
    explained = _by_person(result)
    scored = {person.person for person in result.persons if person.score is not None}
    persons = [(person, above, timelines(person, result)) for person, above in _in_groups(result)[:_MOST_PERSONS]]
    return {
        "result": result,
        "about": about,
        "name": shown(result.path if name is None else name),
        "number": number,
        "sentences": sentences(result),
        "seen": seen(result),
        "counted": counted(result),
        "cuts": cuts_of(result),
        "persons": persons,
        "explained": explained,
        "unexplained": bool(explained) and bool(scored - explained.keys()),
        "of_frames": any(line.of_frames for _, _, lines in persons for _, line in lines),
        "remarks": shown(result.remarks),
        "partly": shown(result.reason) if result.because is None else "",
    }


def _by_person(result: FileResult) -> dict[int | None, list[Explanation]]:
    """Return the explanations of each person, in their order; older results have those of the file's person."""
    found: dict[int | None, list[Explanation]] = {}
    for each in result.explanations:
        found.setdefault(each.person or result.person, []).append(each)
    return found


def _in_groups(result: FileResult) -> list[tuple[PersonResult, int | None]]:
    """Return the persons in the order of the card: pieces of one below each other, first those of the file's person.

    Returns:
        Each person, and whom it is a piece of, which is the first of its group; None for the first.
    """
    groups: dict[int, list[PersonResult]] = {}
    for person in sorted(result.persons, key=lambda person: person.person != result.person):
        groups.setdefault(person.looks_like or person.person, []).append(person)
    return [(each, None if each is group[0] else group[0].person) for group in groups.values() for each in group]
