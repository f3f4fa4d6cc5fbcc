"""A person's looks: some thirty numbers, drawn once from the identity's own random stream."""

from dataclasses import dataclass

import numpy as np

from deepfake.demo.canvas import U, V

Colour = tuple[float, float, float]

_SKINS = ((0.95, 0.79, 0.70), (0.90, 0.70, 0.57), (0.80, 0.59, 0.45), (0.62, 0.43, 0.32), (0.45, 0.31, 0.24))
_DARK_HAIRS = ((0.09, 0.08, 0.08), (0.20, 0.13, 0.09), (0.36, 0.22, 0.13))
_LIGHT_HAIRS = ((0.48, 0.24, 0.12), (0.74, 0.58, 0.34), (0.62, 0.61, 0.60))
_IRISES = ((0.24, 0.14, 0.08), (0.36, 0.24, 0.12), (0.30, 0.42, 0.28), (0.28, 0.46, 0.62), (0.42, 0.48, 0.52))
HAIRCUTS = ("short", "long", "fringe", "receding")


@dataclass(frozen=True, slots=True)
class Person:
    """Lengths are in units of the face plane (see `canvas`), colours are RGB in [0, 1], amounts are in [0, 1]."""

    skin: Colour
    hair: Colour
    iris: Colour
    haircut: str
    head_width: float
    jaw_taper: float
    eye_gap: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_lift: float
    brow_arch: float
    brow_weight: float
    nose_length: float
    nose_width: float
    mouth_v: float
    mouth_width: float
    lip_weight: float
    lip_red: float
    blush: float
    freckles: float
    beard: float
    texture_seed: int

    def skull(self, u: np.ndarray = U, v: np.ndarray = V) -> np.ndarray:
        """Return each point's radius in an egg-shaped head of radius 1: below 1 inside, above 1 outside."""
        taper = 1 - self.jaw_taper * np.clip(v, 0, 1.2) ** 2
        return np.sqrt((u / (self.head_width * taper)) ** 2 + v**2)


def draw_person(rng: np.random.Generator) -> Person:
    """Draw a new person; nearly every attribute is independent."""
    tone = rng.uniform(0, len(_SKINS) - 1)
    skin = np.array([np.interp(tone, range(len(_SKINS)), channel) for channel in zip(*_SKINS, strict=True)])
    # Light hair on dark skin is left out, for plausibility only.
    hairs = _DARK_HAIRS if tone > 2.2 else _DARK_HAIRS + _LIGHT_HAIRS
    hair = np.array(hairs[rng.integers(len(hairs))])
    haircut = HAIRCUTS[rng.choice(len(HAIRCUTS), p=(0.35, 0.3, 0.2, 0.15))]
    bearded = haircut != "long" and rng.random() < 0.4
    return Person(
        skin=_colour(skin + rng.normal(0, 0.012, 3)),
        hair=_colour(hair * rng.uniform(0.85, 1.15)),
        iris=_colour(np.array(_IRISES[rng.integers(len(_IRISES))])),
        haircut=haircut,
        head_width=rng.uniform(0.71, 0.80),
        jaw_taper=rng.uniform(0.04, 0.20),
        eye_gap=rng.uniform(0.295, 0.345),
        eye_width=rng.uniform(0.135, 0.160),
        eye_height=rng.uniform(0.062, 0.085),
        eye_tilt=rng.uniform(-0.10, 0.16),
        brow_lift=rng.uniform(0.165, 0.215),
        brow_arch=rng.uniform(0.02, 0.07),
        brow_weight=rng.uniform(0.022, 0.045),
        nose_length=rng.uniform(0.32, 0.40),
        nose_width=rng.uniform(0.095, 0.135),
        mouth_v=rng.uniform(0.58, 0.64),
        mouth_width=rng.uniform(0.22, 0.29),
        lip_weight=rng.uniform(0.045, 0.085),
        lip_red=rng.uniform(0.25, 0.8),
        blush=rng.uniform(0.1, 0.6),
        freckles=max(0.0, rng.uniform(-1, 1)) if tone < 1.5 else 0.0,
        beard=rng.uniform(0.3, 1.0) if bearded else 0.0,
        texture_seed=int(rng.integers(2**32)),
    )


def _colour(rgb: np.ndarray) -> Colour:
    red, green, blue = (float(x) for x in np.clip(rgb, 0.03, 0.97))
    return red, green, blue
