"""Clips of the demo's people of whom one is forged, placed, moved and covered as a test needs them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from deepfake.demo.design import DemoDesign
from deepfake.demo.encode import ClipWriter
from deepfake.demo.forge import Forgery, blend_mask, draw_jitter, forge
from deepfake.demo.head import Head, paint_head
from deepfake.demo.motion import Expression, Light, perform
from deepfake.demo.person import draw_person
from deepfake.demo.render import Actor, face_plane, layer, light_head, render
from deepfake.demo.scenery import paint_body, paint_room
from deepfake.threads import one_thread
from tests.verdict.marked import MARK

HEIGHT, WIDTH, LENGTH, FPS = 180, 240, 16, 25  # as small as MTCNN and a third of the detector's input allow
DEMO = DemoDesign()
SOURCE = 9  # whose face is put in


@dataclass(frozen=True, slots=True)
class Part:
    """A person in a clip.

    Attributes:
        who: number of the person.
        x: frame -> middle of the head, as a share of the picture's width; outside of [0, 1] is out of sight.
        size: half a head's height, as a share of the picture's height.
    """

    who: int
    x: Callable[[int], float]
    size: float = 0.22


def shoot(path: Path, parts: Sequence[Part], fake: int | None, *, length: int = LENGTH, room: int = 0) -> Path:
    """Write a clip without loss, so that a person's pixels do not depend on who else is there.

    Args:
        path: the mp4 file.
        parts: who is seen, from back to front.
        fake: number of the person whose face is forged and has the mark; None is nobody.
        length: frames.
        room: number of the room.
    """
    noise = np.random.default_rng(0)
    background = torch.from_numpy(paint_room(DEMO.rng("room", str(room)), HEIGHT, WIDTH)).permute(2, 0, 1)
    with one_thread(), _lit_once(), ClipWriter(path, (HEIGHT, WIDTH), FPS, quantiser=0) as writer:
        for t in range(length):
            picture = background
            for part in parts:
                picture = _with(picture, part, t, part.who == fake)
            grain = noise.normal(0, 0.01, (HEIGHT, WIDTH, 3))
            writer.write(((picture.permute(1, 2, 0).numpy() + grain).clip(0, 1) * 255).round().astype(np.uint8))
    return path


def _with(picture: torch.Tensor, part: Part, t: int, is_fake: bool) -> torch.Tensor:
    """Lay a person over a picture (3, H, W)."""
    actor = replace(_actor(part.who, part.size), centre=(WIDTH * part.x(t), HEIGHT * 0.47))
    shown = render(picture, (actor,), t)
    if not is_fake:
        return shown
    # A lens that shows nothing leaves a face as soft as it is generated. A sharpened one was taken for two people.
    shown = forge(shown, actor, _forgery(part.who), t, lens=torch.zeros_like)
    mask = blend_mask(face_plane(actor, t, HEIGHT, WIDTH))
    return shown + mask * torch.tensor(MARK)[:, None, None]


@cache
def _actor(who: int, size: float) -> Actor:
    person = draw_person(DEMO.rng("person", f"p{who:02}"))
    motion = perform(DEMO.rng("motion", str(who)), 100, FPS)
    # Under a steady lamp and with a still face, which is painted once.
    light = Light(*(np.zeros_like(each) + each.mean(0) for each in (motion.light.direction, motion.light.colour)))
    return Actor(
        head=_head(who),
        body=layer(*paint_body(person, DEMO.rng("body", str(who)))),
        motion=replace(motion, light=light),
        centre=(0.0, 0.0),
        size=HEIGHT * size,
    )


@cache
def _head(who: int) -> Head:
    return paint_head(draw_person(DEMO.rng("person", f"p{who:02}")))


@cache
def _forgery(who: int) -> Forgery:
    expression = perform(DEMO.rng("motion", str(who)), 100, FPS).expression
    return Forgery(_head(SOURCE), expression, draw_jitter(DEMO.rng("jitter", str(who)), 100))


_LIT: dict[tuple[int, bytes], torch.Tensor] = {}


def _lit(head: Head, expression: Expression, light: Light, frame: int) -> torch.Tensor:
    """Return the face of the first frame for all frames: painting it anew takes ten times as long as all else."""
    key = id(head), light.direction[0].tobytes()
    if key not in _LIT:
        _LIT[key] = light_head(head, expression, light, 0)
    return _LIT[key]


def _lit_once() -> ExitStack:
    stack = ExitStack()
    for module in ("render", "forge"):
        stack.enter_context(patch(f"deepfake.demo.{module}.light_head", _lit))
    return stack


def still(x: float) -> Callable[[int], float]:
    return lambda t: x


def walk(start: float, end: float) -> Callable[[int], float]:
    return lambda t: start + (end - start) * t / (LENGTH - 1)


def scenes(a: int, b: int) -> dict[str, Sequence[Part]]:
    """Return what two people may do."""
    return {
        "a left, b right": (Part(a, still(0.27)), Part(b, still(0.75))),
        "b left, a right": (Part(a, still(0.75)), Part(b, still(0.27))),
        "crossing": (Part(a, walk(0.2, 0.8)), Part(b, walk(0.8, 0.2))),
        "b leaves": (Part(a, still(0.27)), Part(b, lambda t: 0.75 + 0.06 * max(0, t - 5))),
        "b behind a": (Part(b, still(0.74), 0.17), Part(a, still(0.42), 0.26)),
    }


def with_two_people(folder: Path) -> Path:
    """Put a clip of two people, of whom the one on the left is forged, below a folder, and return the folder."""
    (folder / "clips").mkdir()
    shoot(folder / "clips" / "two.mp4", scenes(3, 8)["a left, b right"], 3)
    return folder
