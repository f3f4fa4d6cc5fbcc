"""What an exported file says of itself, so that others can run it without this project."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import torch

from deepfake.models.onnx_file import INPUT, OUTPUT
from deepfake.models.sealed import CARD


def facts_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the file and in `card.json`, by name, as plain data.

    Args:
        card: the checkpoint's card.
    """
    spec = card["spec"]
    size, length = spec["size"], spec["clip_length"]
    thumbnail = card["model"].get("layout") == "thumbnail"
    return {
        "input": {
            "name": INPUT,
            "type": "float32",
            "shape": ["batch", length, 3, size, size],
            "axes": ["clip", "frame", "RGB channel", "row", "column"],
            "range": [0, 1],
            "normalisation": "inside the network, by mean and std: give values in [0, 1]",
            "mean": spec["mean"],
            "std": spec["std"],
            "size": size,
            "frames_per_clip": length,
            "frame_stride": spec["frame_stride"],
            "representation": "thumbnail" if thumbnail else "frame" if length == 1 else "window",
            "cut": {
                "shape": spec["shape"],
                "margin": spec["margin"],
                "how": "one square or box a frame around the face, margin times the side of the finder's box, resized",
            },
        },
        "output": {
            "name": OUTPUT,
            "type": "float32",
            "shape": ["batch"],
            "meaning": "logit of P(fake), above 0 for fake; P(fake) = 1 / (1 + exp(-logit))",
        },
        "labels": card["labels"],
        "made_with": {"deepfake": version("deepfake"), "torch": torch.__version__},
        CARD: dict(card),
    }
