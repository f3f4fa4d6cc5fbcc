"""What is stored of each face, apart from the finder that finds it."""

from dataclasses import dataclass
from typing import Final, Literal

from deepfake.options import typed, types_of
from deepfake.ranges import Length, Length0, Margin, Share

# Part of a store's recipe, so that crops of two versions never share a store. Raise it with every change after which
# the same file, finder and recipe give other frames, boxes, tracks or pixels.
EXTRACTOR_VERSION = 2
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The options of the config group `faces`, without the finder; each decides which pixels are stored.

    Attributes:
        num_segments: number of runs of consecutive frames, spread evenly over the video; `all`, which only verdicts ask
            for, puts every frame into one.
        segment_length: frames in each segment; of `all` the most.
        margin: side of the stored square, as a multiple of the side of the face's box.
        max_crop_size: a larger square is shrunk to this many pixels a side.
        min_score: detections below it are not linked.
        min_face_size: a track whose median box is smaller, in pixels of the frame, is dropped.
        min_track_length: a track seen in fewer frames is dropped.
        image_format: png, webp, bmp (all lossless) or jpg.
        reuse_boxes: whether a fake takes the boxes of its real where the two agree.
        detect_every: distance of the frames of a segment in which faces are detected; between two that agree, boxes
            are interpolated. 1 detects in every frame.
    """

    num_segments: Length | Literal["all"]
    segment_length: Length
    margin: Margin
    max_crop_size: Length
    min_score: Share
    min_face_size: Length0
    min_track_length: Length0
    image_format: Literal["png", "webp", "bmp", "jpg"]
    # Checkpoints older than these options do not name them; their faces were extracted with these values.
    reuse_boxes: bool = False
    detect_every: Length = 1

    def __post_init__(self) -> None:
        """
        Raises:
            ConfigError: an option has the wrong type or is out of range.
        """
        kinds = types_of(Recipe)
        for name, value in typed("faces", {name: getattr(self, name) for name in kinds}, kinds).items():
            object.__setattr__(self, name, value)
