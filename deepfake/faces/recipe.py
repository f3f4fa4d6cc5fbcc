"""What is stored of a face, beside the finder that finds it."""

from dataclasses import dataclass
from typing import get_type_hints

from deepfake.errors import ConfigError
from deepfake.faces.typed import typed
from deepfake.store import ENCODING

# Part of what is stored, so that crops of two ways of extracting never share a store. Raise it with every change after
# which the same file, finder and recipe give other frames, boxes, tracks or pixels.
EXTRACTOR_VERSION = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """The options of the config group `faces`, less the finder; each decides which pixels are stored.

    Attributes:
        num_segments: runs of consecutive frames, spread evenly over the video.
        segment_length: frames in each.
        margin: side of the stored square, as a multiple of the side of the face's box.
        max_crop_size: a larger square is shrunk to this many pixels.
        min_score: detections below are not linked.
        min_face_size: a track whose median box is smaller, in pixels of the frame, is dropped.
        min_track_length: a track seen in fewer frames is dropped.
        image_format: png, webp (both lossless) or jpg.
        reuse_boxes: a fake takes the boxes of its real where the two agree.
        detect_every: distance of the frames of a segment in which faces are detected; between two of them boxes are
            interpolated, if the two agree. 1 detects in every frame.
    """

    num_segments: int
    segment_length: int
    margin: float
    max_crop_size: int
    min_score: float
    min_face_size: int
    min_track_length: int
    image_format: str
    # Checkpoints made before these were options do not name them, and their faces were found so.
    reuse_boxes: bool = False
    detect_every: int = 1

    def __post_init__(self) -> None:
        """
        Raises:
            ConfigError: an option is of another type, or beyond what makes sense.
        """
        for name, kind in get_type_hints(Recipe).items():
            object.__setattr__(self, name, typed(f"faces.{name}", getattr(self, name), kind))
        for name in ("num_segments", "segment_length", "detect_every", "max_crop_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"faces.{name} is {getattr(self, name)}: give 1 or more")
        for name in ("min_face_size", "min_track_length"):
            if getattr(self, name) < 0:
                raise ConfigError(f"faces.{name} is {getattr(self, name)}: give 0 or more")
        if self.margin <= 0:
            raise ConfigError(f"faces.margin is {self.margin}: give a number above 0, as 1.3")
        if not 0 <= self.min_score <= 1:
            raise ConfigError(f"faces.min_score is {self.min_score}: give a number from 0 to 1")
        if self.image_format not in ENCODING:
            raise ConfigError(f"faces.image_format is {self.image_format!r}: choose one of {', '.join(ENCODING)}")
