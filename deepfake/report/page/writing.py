"""Writes `report.html`: one file that needs no network, from what stands in a run's folder."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deepfake.atomic import write_atomic
from deepfake.content import sha256
from deepfake.report.page.look import CONFIG, DARK, LIGHT
from deepfake.report.page.mistakes import SHOWN, Faces, worst_mistakes
from deepfake.report.page.run_files import read_run
from deepfake.report.page.sections import sections
from deepfake.report.page.summary import headline, number_rows, run_facts, subject
from deepfake.report.page.words import name_of

FILE = "report.html"
_NEEDED = "window.vegaEmbed = vegaEmbed;"  # what the page calls of the bundle
_TEMPLATE = Path(__file__).parent / "template"


def write_page(folder: Path, faces: Faces | None = None) -> Path:
    """Write the page of a run, and return its path.

    Args:
        folder: the folder of a finished evaluation or training. A section whose file it lacks says how to get it.
        faces: returns the crop (S, S, 3) uint8 RGB of a video, a track and a frame, as `FaceStore.image` does; without
            it the worst mistakes have no pictures.

    Raises:
        ConfigError: there is no `metrics.json`.
    """
    run = read_run(folder)
    wrong, mistakes = (0, []) if run.videos is None else worst_mistakes(run.videos, run.clips, faces)
    content = (
        _environment()
        .get_template("page.html")
        .render(
            **_fixed(),
            title=name_of(f"{run.model}, tested on {run.corpus}"),
            split=run.split,
            subject=subject(run),
            head=headline(run),
            rows=number_rows(run.numbers),
            num_numbers=0 if run.numbers is None else len(run.numbers),
            sections=sections(run),
            tested=run.videos is not None,
            num_wrong=wrong,
            mistakes=mistakes,
            has_faces=faces is not None,
            most=SHOWN,
            facts=run_facts(run),
            config=run.config,
        )
    )
    write_atomic(folder / FILE, content.encode())
    return folder / FILE


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
