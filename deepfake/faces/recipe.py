"""What is stored of a face, beside the finder that finds it."""

from dataclasses import dataclass

from deepfake.errors import ConfigError


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
            ConfigError: a number that is to be 1 or more is less.
        """
        for name in ("num_segments", "segment_length", "detect_every", "max_crop_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"faces.{name} is {getattr(self, name)}: give 1 or more")
