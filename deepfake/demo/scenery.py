"""Paint what surrounds a head: the room behind it, neck and shoulders below. Room and clothes belong to the clip."""

import numpy as np
from scipy.ndimage import gaussian_filter

from deepfake.demo.canvas import EXTENT, TEXELS, U, V, bump, grain, inside
from deepfake.demo.person import Person

BODY_ZOOM = 2.0  # the body's texture covers twice the face plane, at half its resolution


def paint_room(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Paint a blurred interior: (height, width, 3) float32 RGB in [0, 1]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    slope = rng.normal(0, 0.18, 2)
    room = _draw_colour(rng, 0.25, 0.8, 0.1) * (1 + slope[0] * (x - 0.6) + slope[1] * (y - 0.5))[..., None]
    room *= (1 + 0.02 * grain(rng, (height, width), 3.0))[..., None]
    furnish = (_hang_picture, _fill_shelf, _open_window, _light_lamps)[rng.integers(4)]
    furnish(rng, room, x, y)
    blur = height * rng.uniform(0.006, 0.018)
    return np.clip(gaussian_filter(room, (blur, blur, 0)), 0.02, 0.98).astype(np.float32)


def _draw_colour(rng: np.random.Generator, dark: float, light: float, colourful: float) -> np.ndarray:
    """Draw a random colour: (3,), brightness between `dark` and `light`."""
    return rng.uniform(dark, light) * (1 + rng.normal(0, colourful, 3))


# Each of these changes a room (h, w, 3) in place; x and y (h, w) are in units of its height.


def _hang_picture(rng: np.random.Generator, room: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    left, top, wide, high = rng.uniform((0.0, 0.05, 0.2, 0.2), (1.0, 0.25, 0.35, 0.35))
    room += _box(x, y, left, top, wide, high) * (_draw_colour(rng, 0.2, 0.85, 0.15) - room)


def _fill_shelf(rng: np.random.Generator, room: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    board = rng.uniform(0.22, 0.32)
    for left in np.cumsum(rng.uniform(0.03, 0.10, 40)):
        for level in range(5):
            book = _box(x, y, left, level * board + rng.uniform(0.02, 0.08), 0.05, board)
            room += book * (_draw_colour(rng, 0.15, 0.7, 0.2) - room)
    room *= (1 - 0.5 * (np.abs(y % board - 0.01) < 0.012))[..., None]


def _open_window(rng: np.random.Generator, room: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    left, top, wide = rng.uniform((0.0, 0.05, 0.3), (0.9, 0.2, 0.5))
    sky = np.array((0.85, 0.90, 0.95)) * rng.uniform(0.8, 1.05)
    room += _box(x, y, left, top, wide, 0.6) * (sky - room)


def _light_lamps(rng: np.random.Generator, room: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    room *= 0.55
    for _ in range(rng.integers(8, 20)):
        distance = np.hypot(x - rng.uniform(0, x.max()), y - rng.uniform(0, 0.8))
        lamp = inside(distance - rng.uniform(0.02, 0.07), 0.02)[..., None]
        room += lamp * rng.uniform(0.1, 0.5) * np.array((1.0, 0.85, 0.6))


def _box(x: np.ndarray, y: np.ndarray, left: float, top: float, wide: float, high: float) -> np.ndarray:
    """Return the coverage of a rectangle: (h, w, 1), 0 or 1."""
    return ((x >= left) & (x < left + wide) & (y >= top) & (y < top + high))[..., None].astype(np.float32)


def paint_body(person: Person, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Paint neck, shoulders and clothes: (TEXELS, TEXELS, 3) colour and (TEXELS, TEXELS, 1) coverage in [0, 1]."""
    u, v = U * BODY_ZOOM, V * BODY_ZOOM
    neck = inside(np.maximum(np.abs(u) - 0.36 - 0.25 * np.clip(v - 1.15, 0, 1) ** 2, 0.5 - v), 0.05)
    slope = rng.uniform(0.10, 0.20)
    top = 1.28 + slope * np.abs(u) + 0.9 * np.clip(np.abs(u) - 1.25, 0, None) ** 2
    collar = np.clip(1 - (u / rng.uniform(0.36, 0.5)) ** 2, 0, None) * rng.uniform(0.1, 0.4)
    cloth = inside(top + collar - v, 0.05)

    shadow = 1 - 0.42 * bump(u, v, (0, 0.95), (0.5, 0.2)) - 0.25 * np.clip(np.abs(u) / 0.42, 0, 1) ** 3
    skin = np.array(person.skin) * (shadow * 0.9)[..., None]
    fabric = _draw_colour(rng, 0.08, 0.85, 0.25)
    weave = 1 + 0.05 * grain(rng, (TEXELS, TEXELS), (6, 2)) - 0.12 * (np.abs(u) / (EXTENT * BODY_ZOOM)) ** 2
    if rng.random() < 0.35:
        weave = weave + rng.uniform(0.1, 0.35) * (np.sin(v * rng.uniform(18, 40)) > 0)
    colour = skin + (np.clip(fabric, 0.04, 0.92) * weave[..., None] - skin) * cloth[..., None]
    alpha = np.maximum(neck, cloth)[..., None]
    return np.clip(colour, 0, 1).astype(np.float32), alpha.astype(np.float32)
