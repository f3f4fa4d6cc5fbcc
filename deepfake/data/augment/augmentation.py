"""Augmentation of training clips: a pure function of a clip and of random numbers that follow from the sample's seed.

It has two halves, applied in this order:

    in_worker    (T, 3, S, S) uint8 from the store or the cache: what runs on a CPU, image by image, such as codecs
    on_device    (B, T, 3, S, S), a batch: geometry and arithmetic; uint8 in, float in [0, 1] out

All frames of a clip share one draw, so motion stays smooth. The result depends on nothing else, to the last bit, and so
not on the other clips of the batch, nor on the number of workers.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Generator, Tensor


@dataclass(frozen=True)
class Sample:
    """What a worker knows of a training clip besides its pixels.

    Attributes:
        draw: (K,) float32 in [0, 1), which the device's half gets as well.
        generator: where the draws came from; it has the numbers of a worker's half that needs more.
        landmarks: (T, 5, 2) float32, x and y of the left eye, the right eye, the nose, the left and the right corner of
            the mouth, as the picture shows them, in pixels of the clip; None unless the augmentation needs them.
        blend: whether the clip is to become a fake, for an augmentation that makes them.
    """

    draw: Tensor
    generator: Generator
    landmarks: Tensor | None = None
    blend: bool = False


class Augmentation(ABC):
    """Changes clips.

    Attributes:
        num_draws: K, how many random numbers in [0, 1) both halves share.
        needs_landmarks: whether a sample must have landmarks.
        makes_fakes: whether it makes fakes of reals, so that training needs no others.
        distortions: what a detector that trained with it has seen, by the names that the checkpoint's card lists.
    """

    num_draws: int
    needs_landmarks: bool = False
    makes_fakes: bool = False
    distortions: tuple[str, ...] = ()

    def validating(self) -> "Augmentation":
        """Return what val clips get where val has no fakes; only one that makes fakes changes them."""
        return NoAugmentation()

    @abstractmethod
    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        """(T, 3, S, S) uint8 -> the same shape and type."""

    @abstractmethod
    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        """(B, T, 3, S, S) uint8 and (B, K) float32 -> the same shape, float in [0, 1]."""


class NoAugmentation(Augmentation):
    """Leaves clips unchanged."""

    num_draws = 0

    def in_worker(self, clip: Tensor, sample: Sample) -> Tensor:
        return clip

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        return as_float(clips)


class InWorker(Augmentation):
    """An augmentation that ends with a codec or has one in its midst, so that all of it happens in the worker."""

    num_draws = 0

    def on_device(self, clips: Tensor, draws: Tensor) -> Tensor:
        return as_float(clips)


def as_float(clips: Tensor) -> Tensor:
    """Convert uint8 to float in [0, 1], on the device, since uint8 takes a quarter of the bytes to transfer."""
    return clips.float() / 255
