"""Terms that every other module shares: labels, splits, statuses and the three records that pass between stages."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Literal

# In order of preference, when files of one name have different suffixes.
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")  # an image is read as a video of one frame


Tracks = Literal["main", "all"]  # which faces of a video are used
MainFace = Literal["largest", "changed"]  # changed: the face that differs most from the real video, if that is known


class Label(IntEnum):
    """Whether a video is real or fake. A source with another convention is translated once, in its corpus file."""

    REAL = 0
    FAKE = 1


class Split(StrEnum):
    """The part of a corpus that a video belongs to."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Status(StrEnum):
    """The outcome of face extraction for a video."""

    OK = "ok"
    NO_FACE = "no_face"
    UNREADABLE = "unreadable"  # the file's fault: the decoder fails, hangs or dies on it
    TOO_SHORT = "too_short"
    FAILED = "failed"  # the fault of the machine or the program; the next run tries the video again


@dataclass(frozen=True, slots=True)
class Video:
    """One file of a corpus. Everything here comes from the corpus's lists, nothing from pixels.

    Attributes:
        video_id: POSIX path inside the corpus without suffix, `Celeb-real/id0_0001`; unique in the corpus.
        path: the file.
        label: real or fake.
        split: None for a video that is in no split (an unseen file, or one that the protocol drops).
        method: forgery method, such as `Deepfakes`; `real` for a real video.
        target_id: the person in the original video; empty if the corpus does not say.
        source_id: the person whose face was put in; empty for a real video, or if the corpus does not say.
        real_id: `video_id` of the real video that a fake was made from; empty for a real video, or if unknown.
    """

    video_id: str
    path: Path
    label: Label
    split: Split | None = None
    method: str = "real"
    target_id: str = ""
    source_id: str = ""
    real_id: str = ""

    @property
    def identities(self) -> frozenset[str]:
        """The people in the video, in either role."""
        return frozenset(filter(None, (self.target_id, self.source_id)))


@dataclass(frozen=True, slots=True)
class VideoRow:
    """The outcome of face extraction for one video.

    Attributes:
        video_id: as in the corpus.
        status: `ok` if at least one face was stored.
        reason: why the status is not `ok`, in a few words; for `ok`, which part of the file could not be read.
        num_frames: frames in the file; 0 if it could not be read.
        fps: average frames per second.
        height: frame height in pixels.
        width: frame width in pixels.
        num_sampled: frames that were read.
        num_faces: tracks that were stored.
        num_detected: sampled frames that the finder searched; boxes in the others are interpolated.
        reader: the library that decoded the file; empty if none could.
        num_bytes: size of the file. Another size means another file, whose faces are extracted again; -1 also asks for
            that, as for a fake whose real video failed.
        digest: hash of the file's content, see `deepfake.store.sources`; the audit compares it between splits.
        boxes: `detected` in this video, or `reused` from its real video; empty if there is no face.
        duration_s: seconds that a player shows.
        num_repeated: sampled frames that equal the frame before them.
        remarks: what was done to show the picture as a player does, and what could not be done.
        num_shots: shots among the segments that were read; 0 if none was.
        cuts: numbers of the first frames of shots, as a JSON list in order of time; only cuts whose last frame before
            was read as well, and not those that lie somewhere between two segments. Empty if it is not known, as in
            stores of before 2026-11-28 and where nothing was read.
        main_share: share of the segments in which the main track was found; a lost segment counts as one without it.
        changed_track: the track that differs most from the real video; -1 if that is not known.
        path: path of the file.
        modified_ns: modification time of the file in nanoseconds since 1970; 0 if it was not recorded. If it differs,
            the digest tells whether the file is another one.
    """

    video_id: str
    status: Status
    reason: str = ""
    num_frames: int = 0
    fps: float = 0.0
    height: int = 0
    width: int = 0
    num_sampled: int = 0
    num_faces: int = 0
    num_detected: int = 0
    reader: str = ""
    num_bytes: int = 0
    digest: str = ""
    boxes: str = ""
    duration_s: float = 0.0
    num_repeated: int = 0
    remarks: str = ""
    num_shots: int = 0
    main_share: float = 0.0
    changed_track: int = -1
    path: str = ""
    modified_ns: int = 0
    cuts: str = ""


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """The input that a model expects; it is stored in the model's checkpoint.

    Attributes:
        clip_length: T, frames in a clip; 1 is a single frame.
        frame_stride: distance between two frames of a clip, in frames of the video.
        margin: side of the cut as a multiple of the side of the face's box.
        size: S, side in pixels to which the cut is resized.
        shape: `square` cuts the square around the longer side of the box, so faces keep their proportions; `box` cuts
            the finder's box as it is and stretches it.
        mean: mean of each RGB channel, for values in [0, 1].
        std: standard deviation of each RGB channel, for values in [0, 1].
    """

    clip_length: int
    frame_stride: int
    margin: float
    size: int
    shape: Literal["square", "box"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def span(self) -> int:
        """Frames of the video from the first one of a clip to the last."""
        return (self.clip_length - 1) * self.frame_stride + 1
