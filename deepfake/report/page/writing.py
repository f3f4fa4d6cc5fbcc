"""Writes `report.html`: one file that needs no network, from what stands in a run's folder."""

from functools import cache
from pathlib import Path
from typing import Any

import vl_convert

from deepfake.atomic import write_atomic
from deepfake.report.page.frame import environment, frame, read
from deepfake.report.page.look import CONFIG
from deepfake.report.page.mistakes import SHOWN, Faces, worst_mistakes
from deepfake.report.page.run_files import read_run
from deepfake.report.page.sections import sections
from deepfake.report.page.summary import headline, number_rows, run_facts, subject
from deepfake.report.page.words import name_of

FILE = "report.html"
_NEEDED = "window.vegaEmbed = vegaEmbed;"  # what the page calls of the bundle


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
        environment()
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


@cache
def _fixed() -> dict[str, Any]:
    """Return what is the same on every page of a run."""
    scripts = [vl_convert.javascript_bundle(_NEEDED), *(read(name) for name in ("theme.js", "page.js"))]
    return {**frame(scripts), "look": CONFIG}
