"""The packages that the page needs, or in one line that they are missing."""

import os
from types import ModuleType

from deepfake.errors import MissingPackageError


def require_gradio() -> ModuleType:
    """Return Gradio, which is told first that it reports nothing to its makers.

    Raises:
        MissingPackageError: it is not installed.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        import gradio
    except ImportError as error:
        raise MissingPackageError(
            f"scripts/serve.py needs the package gradio ({error}): uv sync --extra app, or pip install 'deepfake[app]'"
        ) from error
    return gradio
