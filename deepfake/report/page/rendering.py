"""Fills a template of a page with content; what all pages share is one file, `layout.html`."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deepfake.content import sha256
from deepfake.report.page.look import CONFIG, DARK, LIGHT

_NEEDED = "window.vegaEmbed = vegaEmbed;"  # what the page calls of the bundle
_TEMPLATE = Path(__file__).parent / "template"


def render(template: str, **content: Any) -> str:
    """Return a page as HTML that needs no network.

    Args:
        template: name of a file in `template`.
        content: what it names; text is escaped.
    """
    return _environment().get_template(template).render(**_fixed(), **content)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _fixed() -> dict[str, Any]:
    """Return what is the same on every page.

    Browsers run the two scripts by their hashes and no other one, whatever a name in the page may hold.
    """
    scripts = [_closed(vl_convert.javascript_bundle(_NEEDED)), _closed((_TEMPLATE / "page.js").read_text())]
    return {
        "scripts": scripts,
        "hashes": [_hash(script) for script in scripts],
        "style": (_TEMPLATE / "style.css").read_text(),
        "light": LIGHT,
        "dark": DARK,
        "look": CONFIG,
    }


def _closed(script: str) -> str:
    """Return a script that holds no end tag, which would end it early."""
    return script.replace("</script", "<\\/script")


def _hash(script: str) -> str:
    return base64.b64encode(sha256(script.encode()).digest()).decode()
