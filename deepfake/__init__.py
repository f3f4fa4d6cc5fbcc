"""Train, measure and run deepfake detectors on face video."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepfake.checkpoints.rebuilding import load_detector
    from deepfake.verdict.load import load_predictor

__all__ = ["load_detector", "load_predictor"]


def __getattr__(name: str) -> Any:
    # Imported on demand: the processes that decode video import this package and need no torch.
    if name == "load_detector":
        from deepfake.checkpoints.rebuilding import load_detector

        return load_detector
    if name == "load_predictor":
        from deepfake.verdict.load import load_predictor

        return load_predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
