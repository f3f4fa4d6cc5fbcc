"""Makes a store of drawn faces without extraction, and the same images as plain files beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from deepfake.demo.head import paint_head
from deepfake.demo.motion import perform
from deepfake.demo.person import draw_person
from deepfake.demo.render import Actor, layer, render
from deepfake.demo.scenery import paint_body, paint_room
from deepfake.progress import progress
from deepfake.schema import Label, Split, Status, Video, VideoRow
from deepfake.store import CROP_COLUMNS, FaceStore
from deepfake.threads import one_thread

FPS = 25
GAP = 50  # frames between the starts of two segments
NOISE = 0.014  # the camera's, in units of full brightness: it makes a drawn crop take as many bytes as a filmed one


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn store and its plain files.

    Attributes:
        store: the store; its tables are built.
        videos: its videos, all for training, every other one fake.
        segments: (N,) lists of the files of a segment in order, each an image as in the store.
        labels: (N,) labels of the segments' videos.
        bytes_per_crop: mean size of an image.
    """

    store: FaceStore
    videos: list[Video]
    segments: list[list[Path]]
    labels: list[Label]
    bytes_per_crop: float


def draw_store(folder: Path, recipe: Mapping[str, Any], num_videos: int, side: int) -> Drawn:
    """Draw one face per video, in as many segments of as many frames as the recipe has.

    Args:
        folder: an empty folder.
        recipe: recipe of the store; plain data.
        num_videos: at least two, a real and a fake one.
        side: side of a stored crop, in pixels.
    """
    store = FaceStore(folder / "store", recipe).open()
    drawn = Drawn(store, [], [], [], 0.0)
    sizes: list[int] = []
    with one_thread():
        for number in progress(range(num_videos), "drawing a store", "videos"):
            video_id, label = f"video{number:04}", Label(number % 2)
            drawn.videos.append(Video(video_id, folder / f"{video_id}.mp4", label, Split.TRAIN))
            rows, images = [], []
            for i, picture in enumerate(_pictures(number, recipe["num_segments"] * recipe["segment_length"], side)):
                segment, step = divmod(i, recipe["segment_length"])
                rows.append(_row(segment, segment * GAP + step, side, recipe["margin"]))
                images.append(store.encode(picture))
            sizes += map(len, images)
            crops = pd.DataFrame(rows, columns=CROP_COLUMNS)
            store.write(VideoRow(video_id, Status.OK, num_faces=1, main_share=1.0), crops, images)
            files = _write_files(folder / "files" / video_id, images, store.suffix)
            length = recipe["segment_length"]
            for first in range(0, len(files), length):
                drawn.segments.append(files[first : first + length])
                drawn.labels.append(label)
    store.build_tables(video.video_id for video in drawn.videos)
    return Drawn(store, drawn.videos, drawn.segments, drawn.labels, float(np.mean(sizes)))


def _pictures(number: int, count: int, side: int) -> Iterator[np.ndarray]:
    """Draw the frames (side, side, 3) uint8 RGB of a person who moves in a room."""
    rng = np.random.default_rng([number, side])
    person = draw_person(rng)
    room = torch.from_numpy(paint_room(rng, side, side)).permute(2, 0, 1)
    body = layer(*paint_body(person, rng))
    actor = Actor(paint_head(person), body, perform(rng, count, FPS), (side * 0.5, side * 0.5), side / 2.6)
    for frame in range(count):
        picture = render(room, (actor,), frame)
        picture = picture + NOISE * torch.from_numpy(rng.standard_normal(picture.shape, dtype=np.float32))
        yield (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


def _row(segment: int, frame: int, side: int, margin: float) -> list[float]:
    """Return one crop of the main track: its square is the whole image, and the face's box is smaller by the margin."""
    box, middle = side / margin, side / 2
    return [0, segment, frame, 0, 0, side, middle, middle, box, box, 1.0, *[middle] * 10]


def _write_files(folder: Path, images: list[bytes], suffix: str) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{number:04}.{suffix}" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(image)
    return paths
