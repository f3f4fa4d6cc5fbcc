"""Paint a person's head once: colour, coverage and surface normals of the parts that do not move by themselves."""

from dataclasses import dataclass

import numpy as np

from deepfake.demo.canvas import EXTENT, TEXELS, U, V, bump, grain, inside
from deepfake.demo.person import Person


@dataclass(frozen=True, slots=True)
class Head:
    """Textures on the face plane.

    Attributes:
        person: whose head it is.
        albedo: (TEXELS, TEXELS, 3) float32 RGB in [0, 1], without eyes, brows and mouth (see `features`).
        alpha: (TEXELS, TEXELS, 1) float32 coverage in [0, 1].
        normals: (TEXELS, TEXELS, 3) float32 unit vectors: right, down, towards the camera.
        shine: (TEXELS, TEXELS, 1) float32 in [0, 1], how much light is reflected.
        strands: (TEXELS, TEXELS) float32, the pattern of the hair, mean 0.
    """

    person: Person
    albedo: np.ndarray
    alpha: np.ndarray
    normals: np.ndarray
    shine: np.ndarray
    strands: np.ndarray


def paint_head(person: Person) -> Head:
    """Paint a head back to front: hair behind, ears, skin, beard, hair in front."""
    rng = np.random.default_rng(person.texture_seed)
    strands = _strands(rng)
    edge = person.skull() - 1
    skin = inside(edge * 0.8)
    hair_colour = np.array(person.hair, np.float32) * (1 + 0.22 * strands[..., None])
    back, front = _hair(person, strands)

    albedo = hair_colour.copy()
    ear_u = (np.abs(U) - person.head_width * 0.99) / 0.085
    ears = inside((np.hypot(ear_u, (V - 0.06) / 0.19) - 1) * 0.1)
    ear_colour = np.array(person.skin, np.float32) * (0.88 - 0.2 * bump(ear_u, V, (0.1, 0.06), (0.4, 0.1)))[..., None]
    albedo = _over(albedo, ear_colour, ears)
    albedo = _over(albedo, _skin(person, rng), skin)
    albedo = _over(albedo, hair_colour, _beard(person, strands))
    albedo = _over(albedo, hair_colour, front)

    return Head(
        person=person,
        albedo=np.clip(albedo, 0, 1).astype(np.float32),
        alpha=np.maximum.reduce([back, ears, skin, front])[..., None].astype(np.float32),
        normals=_normals(person),
        shine=(skin * (1 - front) * 0.14 + front * 0.08)[..., None].astype(np.float32),
        strands=strands,
    )


def _over(below: np.ndarray, above: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    return below + (above - below) * coverage[..., None]


def _strands(rng: np.random.Generator) -> np.ndarray:
    """Return the pattern of the hair, (TEXELS, TEXELS) with mean 0; it depends on the direction from the crown."""
    angle = np.arctan2(V + 1.0, U - 0.12) + 0.04 * grain(rng, (TEXELS, TEXELS), 12)
    position = (angle / (2 * np.pi) % 1) * 2048
    pattern = sum(grain(rng, (2048,), sigma) for sigma in (2.5, 8.0, 30.0))
    return np.interp(position, np.arange(2048), pattern / 1.8, period=2048).astype(np.float32)


def _hair(person: Person, strands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coverage of the hair behind the head and in front of it, each (TEXELS, TEXELS)."""
    side = np.abs(U) / person.head_width
    volume = {"short": 1.07, "long": 1.14, "fringe": 1.12, "receding": 1.03}[person.haircut]
    ruffled = 0.012 * strands
    cap = person.skull(U, (V + 0.04) / 1.02) / volume - 1 + ruffled
    back = inside(np.maximum(cap, V - 0.25))
    hairline = {"short": -0.62, "long": -0.64, "fringe": -0.46, "receding": -0.80}[person.haircut]
    line = hairline + 0.42 * np.clip(side, 0, 1.3) ** (3 if person.haircut != "receding" else 1.6)
    if person.haircut == "long":  # a parting, and hair that falls over the shoulders
        line = -0.75 + 0.62 * np.clip(np.abs(U - 0.12) / person.head_width, 0, 1.3) ** 1.5
        reach = volume + 0.07 + 0.10 * np.clip(V, -0.3, 1)
        outside = person.skull(U, np.minimum((V + 0.04) / 1.02, 0)) / reach - 1 + ruffled
        ends = V - 1.05 + 0.06 * strands
        curtains = inside(np.maximum.reduce([outside, 0.92 + ruffled - side, ends * 0.6, -0.3 - V]), 0.04)
        return np.maximum(back, curtains), np.maximum(inside(np.maximum(cap, V - line + 2 * ruffled), 0.05), curtains)
    return back, inside(np.maximum(cap, V - line + 2 * ruffled), 0.06)


def _skin(person: Person, rng: np.random.Generator) -> np.ndarray:
    """Return skin colour with blush, shadows around the eyes, pores and freckles: (TEXELS, TEXELS, 3)."""
    mirrored = np.abs(U)
    tone = 1 - 0.16 * bump(mirrored, V, (person.eye_gap - 0.02, 0.0), (0.15, 0.09))
    tone -= 0.10 * bump(mirrored, V, (person.eye_gap - 0.04, 0.13), (0.10, 0.035))  # under the eyes
    fold = mirrored - 0.13 - 0.32 * (V - 0.34)
    tone -= 0.09 * np.exp(-0.5 * (fold / 0.018) ** 2) * inside(np.abs(V - 0.46) - 0.12, 0.12)  # nose to mouth
    tone += 0.05 * bump(U, V, (0, -0.35), (0.35, 0.2))
    tone += 0.022 * grain(rng, (TEXELS, TEXELS), 1.2) + 0.02 * grain(rng, (TEXELS, TEXELS), 7)
    tip = person.nose_length
    tone -= 0.45 * bump(mirrored, V, (person.nose_width * 0.5, tip + 0.015), (0.028, 0.016))  # nostrils
    tone -= 0.14 * bump(U, V, (0, tip + 0.05), (0.11, 0.025))
    colour = np.array(person.skin, np.float32) * tone[..., None]
    red = bump(mirrored, V, (0.40, 0.30), (0.15, 0.12)) + 0.7 * bump(U, V, (0, tip - 0.03), (0.09, 0.08))
    colour *= 1 - np.array((0.0, 0.16, 0.14), np.float32) * person.blush * red[..., None]
    spots = np.clip(grain(rng, (TEXELS, TEXELS), 1.1) - 1.6, 0, 1) * bump(mirrored, V, (0.27, 0.22), (0.25, 0.16))
    return colour * (1 - person.freckles * np.array((0.35, 0.5, 0.55), np.float32) * spots[..., None])


def _beard(person: Person, strands: np.ndarray) -> np.ndarray:
    """Return the coverage of the beard: the jaw below a line from the ears to the lip, broken up by strands."""
    side = np.abs(U) / person.head_width
    jaw = inside(np.maximum(person.skull() - 1, 0.50 - V - 0.55 * np.clip(side - 0.35, 0, 1)), 0.12)
    mouth = inside((np.hypot(U / 0.25, (V - person.mouth_v) / 0.10) - 1) * 0.2, 0.10)
    return person.beard * np.clip(0.75 + 0.25 * strands, 0, 1) * jaw * (1 - mouth)


def _normals(person: Person) -> np.ndarray:
    """Return the normals of an egg with a relief of nose, brows, sockets, cheeks, lips and chin."""
    mirrored, tip, wide = np.abs(U), person.nose_length, person.nose_width
    along = np.clip((V + 0.12) / (tip + 0.12), 0, 1)
    ridge = np.exp(-0.5 * (U / (0.045 + 0.035 * along)) ** 2) * inside(V - tip, 0.10) * along**1.3
    relief = 0.11 * ridge + 0.04 * bump(U, V, (0, tip - 0.03), (0.07, 0.06))
    relief += 0.05 * bump(mirrored, V, (wide * 0.85, tip - 0.01), (0.04, 0.045))
    relief -= 0.05 * bump(mirrored, V, (person.eye_gap - 0.04, -0.01), (0.13, 0.09))
    relief += 0.035 * bump(mirrored, V, (person.eye_gap, -person.brow_lift), (0.2, 0.06))
    relief += 0.05 * bump(mirrored, V, (0.38, 0.24), (0.16, 0.14))
    relief += 0.03 * bump(U, V, (0, person.mouth_v - 0.07), (0.14, 0.04)) - 0.012 * bump(U, V, (0, 0.47), (0.02, 0.06))
    relief += 0.03 * bump(U, V, (0, person.mouth_v + 0.06), (0.12, 0.03))
    relief += 0.05 * bump(U, V, (0, 0.88), (0.15, 0.10))
    down, right = np.gradient(relief, 2 * EXTENT / TEXELS)
    depth = np.sqrt(np.clip(1 - person.skull() ** 2, 0.02, 1))
    normals = np.stack((U / person.head_width**1.5 - right * 1.6, V * 0.9 - down * 1.6, depth * 1.15), axis=-1)
    return (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).astype(np.float32)
