"""What all pages share: the templates, the style, both themes, and a policy that lets no name on a page be run.

A page is a template that extends `frame.html`. It asks no network for anything, and browsers run its own scripts by
their hashes and no other one, whatever a name in the page may hold.
"""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deepfake.content import sha256
from deepfake.report.page.look import DARK, LIGHT

_TEMPLATE = Path(__file__).parent / "template"


def environment(*folders: Path) -> Environment:
    """Return Jinja2 with the templates of these folders and of this one; all that is filled in is escaped."""
    return Environment(
        loader=FileSystemLoader([*folders, _TEMPLATE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def frame(scripts: Sequence[str], style: str = "") -> dict[str, Any]:
    """Return what `frame.html` is filled with, beside the page's `title`.

    Args:
        scripts: JavaScript that the page runs, in this order.
        style: CSS beside that of all pages.
    """
    closed = [script.replace("</script", "<\\/script") for script in scripts]  # an end tag would end a script early
    return {
        "scripts": closed,
        "hashes": [base64.b64encode(sha256(script.encode()).digest()).decode() for script in closed],
        "style": read("style.css") + style,
        "light": LIGHT,
        "dark": DARK,
    }


def read(name: str) -> str:
    """Return a file beside the templates: a script or a style."""
    return (_TEMPLATE / name).read_text()
