"""People of the demo, placed and turned as a test needs them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from deepfake.demo.design import DemoDesign
from deepfake.demo.head import paint_head
from deepfake.demo.motion import Light, perform
from deepfake.demo.person import draw_person
from deepfake.demo.render import Actor, layer, render
from deepfake.demo.scenery import paint_body, paint_room

HEIGHT, WIDTH, LENGTH = 240, 320, 4
DEMO = DemoDesign()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a segment shows.

    Attributes:
        people: number of each person -> the middle of the head, as a share of the picture's width.
        yaw: how far they turn, in units of half a head's height.
        room: number of the room.
    """

    people: Mapping[int, float]
    yaw: float = 0.0
    room: int = 0


def drawn(scene: Scene, number: int) -> tuple[np.ndarray, dict[int, float]]:
    """Draw the frames (T, H, W, 3) uint8 of a clip's `number`-th scene; return where each person is, in pixels."""
    room = torch.from_numpy(paint_room(DEMO.rng("room", str(scene.room)), HEIGHT, WIDTH)).permute(2, 0, 1)
    size = 0.27 if len(scene.people) < 2 else 0.2
    actors = tuple(_actor(who, x, size, scene.yaw) for who, x in scene.people.items())
    pictures = [render(room, actors, 25 * number + t) for t in range(LENGTH)]
    noise = np.random.default_rng(number).normal(0, 0.012, (LENGTH, HEIGHT, WIDTH, 3))
    frames = np.stack([picture.permute(1, 2, 0).numpy() for picture in pictures]) + noise
    return (frames.clip(0, 1) * 255).round().astype(np.uint8), {who: x * WIDTH for who, x in scene.people.items()}


def _actor(who: int, x: float, size: float, yaw: float) -> Actor:
    person = draw_person(DEMO.rng("person", f"p{who:02}"))
    motion = perform(DEMO.rng("motion", str(who)), 100 + LENGTH, 25)
    turn = (motion.pose.turn + np.array([yaw, 0])).astype(np.float32)
    # Under a steady lamp, unlike the demo's: who is who is not to be asked under a light that swings.
    steady = (np.zeros_like(each) + each.mean(0) for each in (motion.light.direction, motion.light.colour))
    return Actor(
        head=paint_head(person),
        body=layer(*paint_body(person, DEMO.rng("body", str(who)))),
        motion=replace(motion, pose=replace(motion.pose, turn=turn), light=Light(*steady)),
        centre=(WIDTH * x, HEIGHT * 0.47),
        size=HEIGHT * size,
    )
