"""Convert HLG, PQ and wide-gamut pictures to BT.709 by the published formulas, in pure numpy.

Like every mapping from a large range of light to a small one, this is an approximation: reference white (203 cd/m2,
75 % of HLG and 58 % of PQ) becomes white, and anything brighter is clipped. A picture that was made from an ordinary
one by the inverse formulas comes back to within a grey level or two.

Source: ITU-R BT.2100-2, tables 4 (PQ) and 5 (HLG); BT.2408-5, section 2 (reference white); BT.2087-0 and BT.2407
(BT.2020 to BT.709 primaries, hard clipping); BT.1886 (the display's gamma of 2.4).
"""

from functools import cache

import numpy as np

REFERENCE_WHITE = 203.0  # cd/m2
HLG_PEAK = 1000.0  # peak in cd/m2 of the display for which HLG's system gamma is 1.2
HLG_GAMMA = 1.2
DISPLAY_GAMMA = 2.4
# Linear RGB with BT.2020 primaries to linear RGB with BT.709 primaries, both with white D65.
BT2020_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
LUMINANCE_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_STEPS = 4096  # size of the table from the square root of light to BT.709's eight bits


def to_bt709(pixels: np.ndarray, transfer: str, wide: bool) -> np.ndarray:
    """Convert a picture to BT.709.

    Args:
        pixels: (H, W, 3) uint16 RGB, 65535 for a signal of 1.
        transfer: `hlg`, `pq`, or `sdr` for ordinary video.
        wide: whether the primaries are BT.2020's.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> white = {"hlg": 0.75, "pq": 0.5807, "sdr": 1.0}
        >>> [to_bt709(np.full((1, 1, 3), round(65535 * v), np.uint16), name, True).max() for name, v in white.items()]
        [np.uint8(255), np.uint8(255), np.uint8(255)]
    """
    light = _light_of(transfer)[pixels]
    if transfer == "hlg":
        luminance = light @ LUMINANCE_2020
        light = light * (luminance ** (HLG_GAMMA - 1))[..., None] * np.float32(HLG_PEAK / REFERENCE_WHITE)
    if wide:
        light = light @ BT2020_TO_BT709.T
    steps = np.sqrt(light.clip(0, 1)) * np.float32(_STEPS)
    return _signal_of_light()[np.rint(steps).astype(np.uint16)]


@cache
def _light_of(transfer: str) -> np.ndarray:
    """(65536,) float32: signal -> light; for HLG scene light in [0, 1], else display light with white as 1."""
    signal = np.arange(65536) / 65535
    if transfer == "hlg":
        light = hlg_inverse_oetf(signal)
    elif transfer == "pq":
        light = pq_eotf(signal) / REFERENCE_WHITE
    else:
        light = signal**DISPLAY_GAMMA
    return light.astype(np.float32)


@cache
def _signal_of_light() -> np.ndarray:
    """(4097,) uint8: square root of light, in steps -> BT.709's signal for a display of gamma 2.4."""
    light = (np.arange(_STEPS + 1) / _STEPS) ** 2
    return np.rint(255 * light ** (1 / DISPLAY_GAMMA)).astype(np.uint8)


def hlg_inverse_oetf(signal: np.ndarray) -> np.ndarray:
    """HLG's signal in [0, 1] -> scene light in [0, 1]; BT.2100-2, table 5.

    Example:
        >>> hlg_inverse_oetf(np.array([0.0, 0.5, 0.75, 1.0])).round(4)
        array([0.    , 0.0833, 0.265 , 1.    ])
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def pq_eotf(signal: np.ndarray) -> np.ndarray:
    """PQ's signal in [0, 1] -> display light in cd/m2; BT.2100-2, table 4.

    Example:
        >>> pq_eotf(np.array([0.0, 0.5807, 1.0])).round()
        array([    0.,   203., 10000.])
    """
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    return 10000 * ((root - c1).clip(0) / (c2 - c3 * root)) ** (1 / m1)
