"""Record one take: paint its people and room, render each frame, forge, add what the camera adds, and encode.

A `flicker` is recorded like a real clip, but the lamp's light comes in a wrong order: since pose and light are drawn
independently, each of its frames might stand in a real clip, and only the order of frames tells.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from deepfake.demo.design import DemoDesign, Take
from deepfake.demo.encode import ClipWriter
from deepfake.demo.forge import Forgery, draw_jitter, forge
from deepfake.demo.head import paint_head
from deepfake.demo.motion import out_of_order, perform
from deepfake.demo.person import draw_person
from deepfake.demo.render import Actor, layer, render
from deepfake.demo.scenery import paint_body, paint_room
from deepfake.schema import Label, Video
from deepfake.threads import one_thread


def shoot(design: DemoDesign, take: Take, folder: Path) -> None:
    """Write the files of a take below `folder`; the bytes depend only on design and take."""
    for video in take.videos:
        (folder / video.path).parent.mkdir(parents=True, exist_ok=True)
    # Vectorised and scalar code round differently, so how torch splits its work must not depend on the caller.
    with one_thread(), ExitStack() as stack:
        size = (design.height, design.width)
        camera = design.fps, design.quantiser
        writers = [stack.enter_context(ClipWriter(folder / v.path, size, *camera)) for v in take.videos]
        for pictures in frames(design, take):
            for writer, picture in zip(writers, pictures, strict=True):
                writer.write(picture)
    pad([folder / video.path for video in take.videos])
    if take.truncated:
        for video in take.videos:
            whole = (folder / video.path).read_bytes()
            (folder / video.path).write_bytes(whole[: len(whole) // 2])


def pad(paths: Sequence[Path]) -> None:
    """Append a box that players skip to each mp4 file, so that all have the same size.

    A forged face is coded in more or fewer bytes than what it covers, some hundredths of a file.
    """
    sizes = [path.stat().st_size for path in paths]
    for path, size in zip(paths, sizes, strict=True):
        num_bytes = max(sizes) - size + 8
        with path.open("ab") as file:
            file.write(num_bytes.to_bytes(4, "big") + b"free" + bytes(num_bytes - 8))


def frames(design: DemoDesign, take: Take) -> Iterator[list[np.ndarray]]:
    """Yield each frame of the take as every file of it shows it: (H, W, 3) uint8 RGB before encoding.

    All files of a take share the camera's noise, which is added last: outside the forged face they are equal.
    """
    rng = design.rng("take", take.take_id)
    shortest, longest = round(design.min_seconds * design.fps), round(design.max_seconds * design.fps)
    num_frames = int(rng.integers(shortest, longest + 1))
    room = torch.from_numpy(paint_room(rng, design.height, design.width)).permute(2, 0, 1)
    actors = _cast(design, take, num_frames, rng)
    draw = [_drawing(design, video, actors, room, num_frames) for video in take.videos]
    noise_level = rng.uniform(0.008, 0.016) * design.noise
    for frame in range(num_frames):
        picture = render(room, actors, frame)
        noise = torch.from_numpy(rng.standard_normal(picture.shape, dtype=np.float32)) * noise_level
        shown = [_through_lens(each(picture, frame), design) for each in draw]
        yield [((p + noise).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy() for p in shown]


def _through_lens(picture: torch.Tensor, design: DemoDesign) -> torch.Tensor:
    """Tint and blur a picture (3, H, W) as the design's camera does."""
    if design.warmth:
        picture = picture * torch.tensor((1 + design.warmth, 1, 1 - design.warmth))[:, None, None]
    return gaussian_blur(picture, 2 * [2 * ceil(3 * design.blur) + 1], 2 * [design.blur]) if design.blur else picture


def _cast(design: DemoDesign, take: Take, num_frames: int, rng: np.random.Generator) -> tuple[Actor, ...]:
    """Return the people of a take. One stands in the middle; a second stands smaller beside the first, on the right."""
    actors = []
    for place, person_id in enumerate(take.people):
        person = draw_person(design.rng("person", person_id))
        alone = len(take.people) == 1
        x = rng.normal(0.5, 0.035) if alone else (0.38, 0.82)[place]
        # Of two, the first, who may be forged, is clearly larger.
        size = 0.19 if place else max(rng.uniform(0.22, 0.32), 0.22 if alone else 0.24)
        actor = Actor(
            head=paint_head(person),
            body=layer(*paint_body(person, rng)),
            motion=perform(design.rng("motion", take.take_id, person_id), num_frames, design.fps),
            centre=(design.width * x, design.height * rng.uniform(0.45, 0.49)),
            size=design.height * size,
        )
        actors.append(actor)
    return tuple(actors)


def _drawing(
    design: DemoDesign, video: Video, actors: tuple[Actor, ...], room: torch.Tensor, num_frames: int
) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """Return a function that makes a frame of this file from the real picture of that frame and its number."""
    if video.label is Label.REAL:
        return lambda picture, frame: picture
    target = actors[0]
    if video.method == "flicker":
        light = out_of_order(target.motion.light, design.rng("flicker", video.video_id), design.fps)
        actor = replace(target, motion=replace(target.motion, light=light))
        return lambda picture, frame: render(room, (actor, *actors[1:]), frame)
    forgery = _forgery(design, video, target, num_frames)
    lens = partial(_through_lens, design=design)
    return lambda picture, frame: forge(picture, target, forgery, frame, lens)


def _forgery(design: DemoDesign, video: Video, target: Actor, num_frames: int) -> Forgery:
    """Return the face that is put into this file of the take."""
    jitter = draw_jitter(design.rng("jitter", video.video_id), num_frames)
    if video.method == "reenact":
        driver = perform(design.rng("motion", f"{video.source_id}_a", video.source_id), num_frames, design.fps)
        return Forgery(target.head, driver.expression, jitter)
    source = paint_head(draw_person(design.rng("person", video.source_id)))
    sharp = video.method == "seamless"
    return Forgery(source, target.motion.expression, np.zeros_like(jitter) if sharp else jitter, sharp)
