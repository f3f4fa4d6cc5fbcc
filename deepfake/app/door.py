"""Gradio, or in one line that it is missing."""

import os

from deepfake.errors import MissingPackageError


def require_gradio() -> None:
    """Import Gradio, which is told first that it reports nothing to its makers; other imports of it come after.

    Raises:
        MissingPackageError: it is not installed.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"scripts/serve.py needs the package gradio ({error}): uv sync --extra app, or pip install 'deepfake[app]'"
        ) from error
