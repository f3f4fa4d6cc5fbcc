"""The distortions of a test of robustness by name, with five levels each. They are for whole frames.

Names in capitals are the seven of DeeperForensics-1.0, whose `JPEG` is no JPEG; `jpeg` is. `jpeg`, `blur`, `resize` and
`noise` are those of GenD's sweep. `h264` is recompression from the finer to the coarser rate of FaceForensics++.

Differs: GenD distorts cut faces. A level means the same everywhere here, so of GenD's six qualities of JPEG the finest,
100, is left out, and of its three sizes and of its noise, of which only the ends are known to us, there are five.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor

from deepfake.distort import deeperforensics, sweep
from deepfake.distort.compress import h264

DEEPERFORENSICS, GEND, FFPP = "DeeperForensics-1.0", "GenD", "FaceForensics++"
Apply = Callable[[Tensor, Any, Generator], Tensor]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of distortion.

    Attributes:
        source: who published it.
        strengths: what its strength is at levels 1 to 5.
        unit: what the strength is.
        apply: (T, 3, H, W) uint8, a strength and a generator -> the same, distorted.
        resembles: what the card of a checkpoint calls it, or the same loss by other means, if it was trained with it.
        draws: whether anything is drawn by chance.
        over_time: whether a frame depends on the others, as in a video's compression.
    """

    source: str
    strengths: Sequence[Any]
    unit: str
    apply: Apply
    resembles: frozenset[str]
    draws: bool = False
    over_time: bool = False


def _deeperforensics(name: str, unit: str, resembles: Sequence[str], **traits: bool) -> Kind:
    strengths, apply = deeperforensics.STRENGTHS[name], deeperforensics.FUNCTIONS[name]
    return Kind(DEEPERFORENSICS, strengths, unit, apply, frozenset(resembles), **traits)


def _gend(name: str, strengths: Sequence[Any], unit: str, resembles: Sequence[str], **traits: bool) -> Kind:
    return Kind(GEND, strengths, unit, sweep.FUNCTIONS[name], frozenset(resembles), **traits)


KINDS: Mapping[str, Kind] = {
    "CS": _deeperforensics("CS", "factor of the chroma", ["hue_saturation", "saturation"]),
    "CC": _deeperforensics("CC", "factor of the values", ["brightness", "contrast"]),
    "BW": _deeperforensics("BW", "blocks for each 256 pixels", ["blocks"], draws=True),
    "GNC": _deeperforensics("GNC", "variance", ["noise"], draws=True),
    "GB": _deeperforensics("GB", "kernel in pixels", ["blur"]),
    "JPEG": _deeperforensics("JPEG", "factor of the size", ["pixelate", "resize"]),
    "VC": _deeperforensics("VC", "constant rate factor", ["h264"], over_time=True),
    "jpeg": _gend("jpeg", sweep.STRENGTHS["jpeg"][1:], "quality", ["jpeg"]),
    "blur": _gend("blur", sweep.STRENGTHS["blur"], "kernel and sigma in pixels", ["blur"]),
    "resize": _gend("resize", (224, 160, 112, 80, 64), "shorter side in pixels", ["pixelate", "resize"]),
    "noise": _gend("noise", (0.01, 0.02, 0.05, 0.1, 0.2), "standard deviation", ["noise"], draws=True),
    "h264": Kind(
        FFPP,
        (23, 28, 32, 36, 40),
        "constant rate factor",
        lambda frames, crf, _: h264(frames, crf),
        frozenset(["h264"]),
        over_time=True,
    ),
}
GROUPS: Mapping[str, Sequence[str]] = {
    "all": tuple(KINDS),
    "deeperforensics": tuple(deeperforensics.STRENGTHS),
    "gend": tuple(sweep.STRENGTHS),
}
