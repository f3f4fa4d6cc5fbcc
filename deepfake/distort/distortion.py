"""One distortion of the videos of a test: what happens to each follows from the seed, the video and the type alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Generator, Tensor

from deepfake.content import digest_of_bytes
from deepfake.distort.catalogue import DEEPERFORENSICS, KINDS
from deepfake.distort.compress import xvid_and_h264
from deepfake.distort.deeperforensics import STRENGTHS, Step, draw_steps, is_set
from deepfake.ranges import Seed

Reencode = Literal["none", "dfo"]
# Part of a store's recipe. Raise it with every change after which a distortion gives other pixels.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Distortion:
    """A type at a level, or a set.

    Attributes:
        name: a key of `KINDS`, or the name of a set.
        level: 1 to 5; None for a set, which has levels of its own.
        seed: with a video's id and the name, it determines all that is drawn. At a higher level the same is drawn.
        reencode: `dfo` encodes the frames after each step but VC as DeeperForensics' files are, see `xvid_and_h264`.
    """

    name: str
    level: int | None = None
    seed: Seed = 0
    reencode: Reencode = "none"

    @property
    def slug(self) -> str:
        """The name in file names, which differ by more than the case of their letters: `dfo_GB_3`, `gend_jpeg_2`.

        Example:
            >>> Distortion("GB", 3).slug, Distortion("jpeg", 2).slug, Distortion("mix_3").slug
            ('dfo_GB_3', 'gend_jpeg_2', 'dfo_mix_3')
        """
        family = {"GenD": "gend", "FaceForensics++": "ffpp"}.get(self.source, "dfo")
        return "_".join([family, self.name, *([] if self.level is None else [str(self.level)])])

    @property
    def source(self) -> str:
        """Who published it."""
        return DEEPERFORENSICS if is_set(self.name) else KINDS[self.name].source

    @property
    def strength(self) -> Any:
        """The strength at this level; None for a set."""
        return None if self.level is None else KINDS[self.name].strengths[self.level - 1]

    def resembles(self) -> frozenset[str]:
        """What the card of a checkpoint that was trained with this distortion, or with one of a set, may call it."""
        kinds = STRENGTHS if is_set(self.name) else [self.name]
        encoded = frozenset(["h264"]) if self._is_encoded() else frozenset()
        return encoded.union(*(KINDS[kind].resembles for kind in kinds))

    def recipe(self) -> Mapping[str, Any]:
        """Return as plain data what determines the pixels, for the recipe of a store."""
        strength = list(self.strength) if isinstance(self.strength, tuple) else self.strength
        draws = is_set(self.name) or KINDS[self.name].draws
        return {
            "name": self.name,
            "level": self.level,
            "strength": strength,
            "seed": self.seed if draws else None,
            "reencode": "dfo" if self._is_encoded() else "none",
            "version": VERSION,
        }

    def steps(self, video_id: str) -> list[Step]:
        """Return what happens to a video, in order."""
        if self.level is not None:
            return [Step(self.name, self.level)]
        return draw_steps(self.name, self._generator(video_id))

    def apply(self, frames: np.ndarray, video_id: str, first_frame: int) -> np.ndarray:
        """Distort the frames of one segment.

        Args:
            frames: (T, H, W, 3) uint8 RGB, consecutive.
            video_id: the video that they belong to.
            first_frame: index of the first of them in the video.

        Returns:
            (T, H, W, 3) uint8 RGB.

        Differs: the authors encode whole videos (VC, and `reencode=dfo`). Here the frames of a segment are encoded by
            themselves, so the first is a key frame, of which H.264 loses less than of those between, and x264's
            macroblock tree is off, since with it equal frames do not give equal pixels. On two real clips, segments of
            8 frames have 0 to 1.3 dB more than the same frames of a clip of 100, and 0.6 to 1.4 dB more than with the
            tree; from level 1 to level 5 of VC it is 5 dB.
        """
        generator = self._generator(video_id, first_frame)
        distorted = torch.from_numpy(np.require(frames, requirements="W")).permute(0, 3, 1, 2)
        for step in self.steps(video_id):
            distorted = distort(distorted, [step], generator)
            if self.reencode == "dfo" and step.kind != "VC":
                distorted = xvid_and_h264(distorted)
        return np.ascontiguousarray(distorted.permute(0, 2, 3, 1).numpy())

    def _is_encoded(self) -> bool:
        return self.reencode == "dfo" and self.name != "VC"

    def _generator(self, *where: object) -> Generator:
        key = "\0".join(map(str, (self.seed, self.name, *where)))
        return Generator().manual_seed(int(digest_of_bytes(key.encode(), 8), 16) >> 1)


def distort(frames: Tensor, steps: Sequence[Step], generator: Generator) -> Tensor:
    """Apply steps in their order.

    Each is applied to one frame after the other if it can be, since large frames as floats take much memory.

    Args:
        frames: (T, 3, H, W) uint8, all frames of a video or of a segment.
        steps: what to do; their kinds are keys of `KINDS`.
        generator: draws noise and places.
    """
    for step in steps:
        kind = KINDS[step.kind]
        parts = [frames] if kind.over_time else frames.split(1)
        frames = torch.cat([kind.apply(part, kind.strengths[step.level - 1], generator) for part in parts])
    return frames
