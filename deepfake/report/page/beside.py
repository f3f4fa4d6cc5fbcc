"""The page at the end of a run, and its charts for a dashboard; the numbers are safe already."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake.report.page.mistakes import Beside, Faces

if TYPE_CHECKING:
    from deepfake.report.page.pictures import Shared

log = logging.getLogger(__name__)


def page_beside(folder: Path, faces: Faces | None = None, reals: Beside | None = None) -> dict[str, Path]:
    """Write the page of a run that has written its `metrics.json`, and return its path by name.

    A page that cannot be made is a warning, since a run of hours must not end as failed for its picture book.

    Args:
        folder: see `write_page`.
        faces: see `write_page`.
        reals: `beside` of `write_page`.
    """
    try:
        from deepfake.report.page.writing import write_page  # altair takes a second, and belongs to the page alone

        return {"page": write_page(folder, faces, reals)}
    except Exception as error:  # of any type: altair's, Jinja's, a disk's
        _warn("report.html", error)
        return {}


def content_beside(folder: Path) -> "Shared | None":
    """Return the charts and tables of a run's page for a dashboard; None, and a warning, if they cannot be made."""
    try:
        from deepfake.report.page.pictures import shared_content

        return shared_content(folder)
    except Exception as error:
        _warn("what report.html shows, for the loggers,", error)
        return None


def _warn(what: str, error: Exception) -> None:
    kind, text = type(error).__name__, " ".join(str(error).split())
    log.warning("%s could not be made (%s: %s); every number is in the other files of the run", what, kind, text)
    log.debug("the whole error", exc_info=True)
