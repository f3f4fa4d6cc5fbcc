"""The design of a generated corpus: its parameters, its people, and whose face is forged into whose video."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from deepfake.errors import ConfigError
from deepfake.options import typed, types_of
from deepfake.ranges import Seed
from deepfake.schema import Label, Split, Video

VERSION = 3  # raise it when the same design would give other pixels, so that older corpora are generated again

# At least two people in each split; smaller faces are not found; sides are even, as H.264 requires.
NumPeople = Annotated[int, Field(ge=6, le=10_000)]
Side = Annotated[int, Field(ge=120, le=4_096, multiple_of=2, description="an even whole number from 120 to 4096")]
Seconds = Annotated[float, Field(gt=0, le=3_600)]
FrameRate = Annotated[int, Field(ge=20, le=40)]  # at which the lamp swings through its range in eight frames
Quantiser = Annotated[int, Field(ge=0, le=51)]
Noise = Annotated[float, Field(ge=0, le=10)]
Blur = Annotated[float, Field(ge=0, le=10)]
Warmth = Annotated[float, Field(ge=-0.3, le=0.3)]

METHODS = ("faceswap", "reenact", "seamless", "flicker")
# The takes of each person, by their letters, and the forgeries of each take.
_TAKES = {"a": ("faceswap", "seamless"), "b": ("reenact", "flicker")}


@dataclass(frozen=True, slots=True)
class DemoDesign:
    """Everything the clips depend on, so equal designs give equal bytes.

    Attributes:
        seed: seed of all random numbers, 0 or more.
        num_people: at least 6, two in each split; of 24 people, 16 are in train and 4 each in val and test.
        width: frame width in pixels; even, as H.264 requires.
        height: frame height in pixels; even.
        min_seconds: length of the shortest clip.
        max_seconds: length of the longest clip.
        fps: frames per second.
        quantiser: constant quantiser of H.264, 0 (lossless) to 51.
        noise: the camera's noise, as a multiple of the usual.
        blur: the lens's blur, the standard deviation of a Gaussian in pixels.
        warmth: colour of the light: red times 1 + warmth, blue times 1 - warmth.
        extras: whether to add a clip with two people, one with nobody and a truncated file to test.
        version: version of the generator, which cannot be chosen.
    """

    seed: Seed = 0
    num_people: NumPeople = 24
    width: Side = 320
    height: Side = 240
    min_seconds: Seconds = 3.0
    max_seconds: Seconds = 4.0
    fps: FrameRate = 25
    quantiser: Quantiser = 24
    noise: Noise = 1.0
    blur: Blur = 0.0
    warmth: Warmth = 0.0
    extras: bool = True
    version: int = field(default=VERSION, init=False)

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ConfigError: a parameter is out of its range, or they do not fit together.
        """
        kinds = types_of(DemoDesign)
        typed("data.corpus", {name: getattr(self, name) for name in kinds}, kinds)
        if self.width < self.height:
            raise ConfigError(f"width={self.width}, height={self.height}: the width must be no less than the height")
        if not 1 <= self.min_seconds * self.fps <= self.max_seconds * self.fps:
            raise ConfigError(
                f"min_seconds={self.min_seconds}, max_seconds={self.max_seconds}, fps={self.fps}: need at least one "
                f"frame, and min_seconds no more than max_seconds"
            )

    def rng(self, *words: str) -> np.random.Generator:
        """Return the random stream of one thing, `rng("person", "p03")`; streams are independent of each other."""
        name = int.from_bytes("/".join(words).encode())
        return np.random.default_rng(np.random.SeedSequence([self.seed, name]))


@dataclass(frozen=True, slots=True)
class Take:
    """One recording, and the files that are made from it.

    Attributes:
        take_id: seeds room, clothes, motion, length and noise, which all files of a take share.
        people: who is seen; the first is the one whose face is forged.
        videos: the files; `path` is relative to the corpus.
        truncated: whether to cut the files in half, so that they cannot be opened.
    """

    take_id: str
    people: tuple[str, ...]
    videos: tuple[Video, ...]
    truncated: bool = False


def splits(num_people: int) -> dict[Split, tuple[str, ...]]:
    """Return the people of each split.

    Example: 24 people are 16, 4 and 4; 6 people are 2, 2 and 2.
    """
    people = tuple(f"p{i:02d}" for i in range(num_people))
    held_out = max(2, round(num_people / 6))
    num_train = num_people - 2 * held_out
    return {
        Split.TRAIN: people[:num_train],
        Split.VAL: people[num_train : num_train + held_out],
        Split.TEST: people[num_train + held_out :],
    }


def plan(design: DemoDesign) -> tuple[Take, ...]:
    """Return every take of the corpus: two for each person, each with a real file and a fake by two of the methods.

    The source of a fake is one of the next people in the same split, for each method another one if there are four.
    """
    takes: list[Take] = []
    for split, people in splits(design.num_people).items():
        for i, target in enumerate(people):
            for letter, methods in _TAKES.items():
                take_id = f"{target}_{letter}"
                videos = [_video(f"real/{take_id}", Label.REAL, split, "real", target)]
                for method in methods:
                    step = min(1 + METHODS.index(method), len(people) - 1)
                    source = "" if method == "flicker" else people[(i + step) % len(people)]
                    fake_id = f"{method}/{target}_{source}" if source else f"{method}/{target}"
                    videos.append(_video(fake_id, Label.FAKE, split, method, target, source, videos[0].video_id))
                takes.append(Take(take_id, (target,), tuple(videos)))
    if design.extras:
        takes.extend(_extras(splits(design.num_people)[Split.TEST]))
    return tuple(takes)


def _extras(people: tuple[str, ...]) -> Iterator[Take]:
    target, source, bystander = people[0], people[1], people[-1]
    two = _video("extra/two_people", Label.FAKE, Split.TEST, "faceswap", target, source)
    yield Take("two_people", (target, bystander), (two,))
    yield Take("no_face", (), (_video("extra/no_face", Label.REAL, Split.TEST, "real"),))
    cut = _video("extra/truncated", Label.REAL, Split.TEST, "real", source)
    yield Take("truncated", (source,), (cut,), truncated=True)


def _video(
    video_id: str, label: Label, split: Split, method: str, target: str = "", source: str = "", real: str = ""
) -> Video:
    return Video(video_id, Path(f"{video_id}.mp4"), label, split, method, target, source, real)
