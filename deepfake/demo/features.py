"""Paint the parts of the face that move by themselves (eyes, brows, mouth) on a head's texture, for every frame.

Only two small windows of the texture are painted, which makes this cheap enough to do for each frame.
"""

import numpy as np

from deepfake.demo.canvas import U, V, bump, inside, window
from deepfake.demo.head import Head
from deepfake.demo.motion import Expression

_EYES = window(-0.62, 0.62, -0.48, 0.18)
_MOUTH = window(-0.46, 0.46, 0.40, 0.90)
_WHITE = np.array((0.90, 0.88, 0.86), np.float32)
_INSIDE = np.array((0.22, 0.07, 0.07), np.float32)
_TEETH = np.array((0.86, 0.83, 0.78), np.float32)


def paint_features(head: Head, expression: Expression, frame: int) -> np.ndarray:
    """Return the colour of a head with one frame's expression: (TEXELS, TEXELS, 3) float32 in [0, 1]."""
    albedo = head.albedo.copy()
    _paint_eyes(albedo[_EYES], head, expression, frame)
    _paint_mouth(albedo[_MOUTH], head, expression, frame)
    return albedo


def _blend(colour: np.ndarray, paint: np.ndarray, coverage: np.ndarray) -> None:
    """Paint in place; `colour` (h, w, 3) is a view into the texture."""
    colour += (paint - colour) * coverage[..., None]


def _paint_eyes(colour: np.ndarray, head: Head, expression: Expression, frame: int) -> None:
    person, u, v = head.person, U[_EYES], V[_EYES]
    opened, (gaze_u, gaze_v), raised = expression.eyes[frame], expression.gaze[frame], expression.brows[frame]
    side = np.sign(u)
    across = (np.abs(u) - person.eye_gap) / person.eye_width  # -1 at the inner corner, 1 at the outer
    arc = np.clip(1 - across**2, 0, 1)
    level = -person.eye_tilt * person.eye_width * across
    lower = level + 0.55 * person.eye_height * arc
    upper = lower - (0.02 + 1.5 * opened) * person.eye_height * arc**0.8
    within = (np.abs(across) < 1).astype(np.float32)

    crease = np.abs(v - upper + 0.045) - 0.006
    _blend(colour, colour * 0.72, inside(crease, 0.02) * within * arc)
    ball = inside(np.maximum(upper - v, v - lower), 0.014) * within
    white = _WHITE * (0.72 + 0.28 * np.clip((v - upper) / 0.06, 0, 1))[..., None]
    _blend(colour, white, ball)
    du, dv = u - side * person.eye_gap - gaze_u, v + 0.012 - gaze_v
    radius = np.hypot(du, dv)
    iris = np.array(person.iris, np.float32) * (0.65 + 0.6 * np.clip(radius / 0.07, 0, 1))[..., None]
    _blend(colour, iris, inside(radius - 0.072, 0.02) * ball)
    _blend(colour, np.float32(0.04) * np.ones(3, np.float32), inside(radius - 0.032, 0.014) * ball)
    _blend(colour, np.ones(3, np.float32), 0.9 * inside(np.hypot(du + 0.022, dv + 0.024) - 0.011, 0.012) * ball)
    lashes = np.array(person.hair, np.float32) * 0.5
    _blend(colour, lashes, 0.9 * inside(np.abs(v - upper) - 0.011, 0.016) * within)
    _blend(colour, colour * 0.75, inside(np.abs(v - lower) - 0.004, 0.014) * within)

    along = (np.abs(u) - person.eye_gap) / (person.eye_width * 1.35)
    brow = -person.brow_lift - raised - person.brow_arch * (1 - (along - 0.25) ** 2)
    thick = person.brow_weight * np.clip(1.05 - 0.55 * np.clip(along, 0, 1.5) - 0.25 * np.clip(-along, 0, 1.5), 0.1, 1)
    hairs = np.clip(0.85 + 0.25 * head.strands[_EYES], 0, 1)
    shape = inside(np.abs(v - brow) - thick, 0.03) * inside(np.abs(along) - 1, 0.15) * hairs
    _blend(colour, np.array(person.hair, np.float32) * 0.75, 0.9 * shape)


def _paint_mouth(colour: np.ndarray, head: Head, expression: Expression, frame: int) -> None:
    person, u, v = head.person, U[_MOUTH], V[_MOUTH]
    opened, smile = expression.mouth[frame], expression.smile[frame]
    across = u / (person.mouth_width * (1 + 0.16 * smile - 0.14 * opened))
    arc = np.clip(1 - across**2, 0, 1)
    within = inside(np.abs(across) - 1, 0.06)
    line = person.mouth_v - 0.10 * smile * (across**2 - 0.35)
    gap = 0.10 * opened * arc
    bow = 1 - 0.28 * bump(across, across, (0, 0), (0.13, 0.13))  # the dip in the middle of the upper lip
    top = line - 0.3 * gap - person.lip_weight * 0.85 * arc**0.7 * bow
    upper, lower = line - 0.3 * gap, line + 0.7 * gap
    bottom = lower + person.lip_weight * arc**0.6

    red = np.array((0.06, -0.13, -0.10), np.float32) * person.lip_red
    lip = np.clip(np.array(person.skin, np.float32) * 0.86 + red, 0, 1)
    _blend(colour, colour * 0.82, bump(u, v, (0, person.mouth_v + 0.72 * 0.1 * opened + 0.135), (0.13, 0.022)))
    lips = inside(np.maximum(top - v, v - bottom), 0.02) * within
    glow = 0.86 + 0.14 * inside(upper - v, 0.05) + 0.10 * bump(u, v - lower, (0, 0.04), (0.1, 0.016))
    _blend(colour, lip * glow[..., None], lips)
    hollow = inside(np.maximum(upper - v, v - lower), 0.012) * within
    _blend(colour, _INSIDE, np.maximum(hollow, 0.75 * inside(np.abs(v - line) - 0.004, 0.016) * within))
    _blend(colour, _TEETH, hollow * inside(v - upper - 0.035, 0.015) * inside(np.abs(across) - 0.75, 0.2) * 0.85)
    corners = bump(np.abs(across), v - line, (1.0, 0), (0.07, 0.02))
    _blend(colour, colour * 0.65, corners)
