"""Fills a template of a page with charts; what these pages share is one file, `layout.html`."""

from functools import cache
from typing import Any

import vl_convert

from deepfake.report.page.frame import environment, frame, read
from deepfake.report.page.look import CONFIG

_NEEDED = "window.vegaEmbed = vegaEmbed;"  # what the page calls of the bundle


def render(template: str, **content: Any) -> str:
    """Return a page as HTML that needs no network.

    Args:
        template: name of a file in `template`.
        content: what it names; text is escaped.
    """
    return environment().get_template(template).render(**_fixed(), **content)


@cache
def _fixed() -> dict[str, Any]:
    """Return what is the same on every page with charts."""
    return {**frame([vl_convert.javascript_bundle(_NEEDED), read("theme.js"), read("page.js")]), "look": CONFIG}
