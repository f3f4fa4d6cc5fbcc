"""Records one take: draws its people and room, renders frame by frame, forges, adds the camera's noise, encodes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from deepfake.demo.encode import ClipWriter
from deepfake.demo.forge import Forgery, draw_jitter, forge
from deepfake.demo.head import draw_head
from deepfake.demo.motion import perform
from deepfake.demo.person import draw_person
from deepfake.demo.recipe import Recipe, Take
from deepfake.demo.render import Actor, layer, render
from deepfake.demo.scenery import draw_body, draw_room
from deepfake.schema import Label, Video
from deepfake.threads import one_thread


def shoot(recipe: Recipe, take: Take, folder: Path) -> None:
    """Writes the files of a take below `folder`; the bytes depend on recipe and take alone."""
    for video in take.videos:
        (folder / video.path).parent.mkdir(parents=True, exist_ok=True)
    # How torch splits its work must not depend on who calls: vectorised and scalar code round differently.
    with one_thread(), ExitStack() as stack:
        size = (recipe.height, recipe.width)
        writers = [stack.enter_context(ClipWriter(folder / v.path, size, recipe.fps)) for v in take.videos]
        for pictures in frames(recipe, take):
            for writer, picture in zip(writers, pictures, strict=True):
                writer.write(picture)
    if take.truncated:
        for video in take.videos:
            whole = (folder / video.path).read_bytes()
            (folder / video.path).write_bytes(whole[: len(whole) // 2])


def frames(recipe: Recipe, take: Take) -> Iterator[list[np.ndarray]]:
    """Each frame of the take as every file of it shows it: (H, W, 3) uint8 RGB before encoding.

    All files of a take share the camera's noise, which is added last: outside the forged face they are equal.
    """
    rng = recipe.rng("take", take.take_id)
    shortest, longest = round(recipe.min_seconds * recipe.fps), round(recipe.max_seconds * recipe.fps)
    num_frames = int(rng.integers(shortest, longest + 1))
    room = torch.from_numpy(draw_room(rng, recipe.height, recipe.width)).permute(2, 0, 1)
    actors = _cast(recipe, take, num_frames, rng)
    forgeries = [_forgery(recipe, video, actors, num_frames) for video in take.videos]
    noise_level = rng.uniform(0.008, 0.016)
    for frame in range(num_frames):
        picture = render(room, actors, frame)
        noise = torch.from_numpy(rng.standard_normal(picture.shape, dtype=np.float32)) * noise_level
        shown = [picture if forgery is None else forge(picture, actors[0], forgery, frame) for forgery in forgeries]
        yield [((p + noise).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy() for p in shown]


def _cast(recipe: Recipe, take: Take, num_frames: int, rng: np.random.Generator) -> tuple[Actor, ...]:
    """The people of a take. One stands in the middle; a second stands smaller beside the first, on the right."""
    actors = []
    for place, person_id in enumerate(take.people):
        person = draw_person(recipe.rng("person", person_id))
        alone = len(take.people) == 1
        x = rng.normal(0.5, 0.035) if alone else (0.38, 0.82)[place]
        size = rng.uniform(0.25, 0.30) if place == 0 else 0.19
        actor = Actor(
            head=draw_head(person),
            body=layer(*draw_body(person, rng)),
            motion=perform(recipe.rng("motion", take.take_id, person_id), num_frames, recipe.fps),
            centre=(recipe.width * x, recipe.height * rng.uniform(0.45, 0.49)),
            size=recipe.height * size,
        )
        actors.append(actor)
    return tuple(actors)


def _forgery(recipe: Recipe, video: Video, actors: tuple[Actor, ...], num_frames: int) -> Forgery | None:
    """What is put into this file of the take; None for a real one."""
    if video.label is Label.REAL:
        return None
    jitter = draw_jitter(recipe.rng("jitter", video.video_id), num_frames)
    if video.method == "faceswap":
        source = draw_head(draw_person(recipe.rng("person", video.source_id)))
        return Forgery(source, actors[0].motion.expression, jitter)
    driver = perform(recipe.rng("motion", f"{video.source_id}_a", video.source_id), num_frames, recipe.fps)
    return Forgery(actors[0].head, driver.expression, jitter)
