"""Writes `report.html`: one file that needs no network, from what stands in a run's folder."""

from pathlib import Path

from deepfake.atomic import write_atomic
from deepfake.report.page.mistakes import SHOWN, Beside, Faces, left_alone, worst_mistakes
from deepfake.report.page.rendering import render
from deepfake.report.page.run_files import read_run
from deepfake.report.page.sections import sections
from deepfake.report.page.summary import headline, number_rows, run_facts, subject
from deepfake.report.page.words import name_of

FILE = "report.html"


def write_page(folder: Path, faces: Faces | None = None, beside: Beside | None = None) -> Path:
    """Write the page of a run, and return its path.

    Args:
        folder: the folder of a finished evaluation or training. A section whose file it lacks says how to get it.
        faces: returns the crop (S, S, 3) uint8 RGB of a video, a track and a frame, as `FaceStore.image` does; without
            it the worst mistakes have no pictures.
        beside: shows a fake, a track and a frame beside its real, as `deepfake.explain.BesideReal` does; without it no
            fake has its real beside it.

    Raises:
        ConfigError: there is no `metrics.json`.
    """
    run = read_run(folder)
    wrong, mistakes = (0, []) if run.videos is None else worst_mistakes(run.videos, run.clips, faces, beside)
    content = render(
        "page.html",
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
        left_alone=left_alone(mistakes),
        has_faces=faces is not None,
        has_reals=beside is not None,
        most=SHOWN,
        facts=run_facts(run),
        config=run.config,
    )
    write_atomic(folder / FILE, content.encode())
    return folder / FILE
