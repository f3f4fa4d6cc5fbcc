"""Gradio, or in one line that it is missing."""

import importlib.util
import os

from deepfake.errors import MissingPackageError

_MISSING = "scripts/serve.py needs the package gradio ({why}): uv sync --extra app, or pip install 'deepfake[app]'"


def check_gradio() -> None:
    """Look for Gradio without importing it, since it makes the folder then that it receives files in.

    Raises:
        MissingPackageError: it is not installed.
    """
    if importlib.util.find_spec("gradio") is None:
        raise MissingPackageError(_MISSING.format(why="it is not installed"))


def require_gradio() -> None:
    """Import Gradio, which is told first that it reports nothing to its makers; other imports of it come after.

    Raises:
        MissingPackageError: it cannot be imported.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(_MISSING.format(why=error)) from error
