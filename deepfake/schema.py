"""The words every other module shares: labels, splits, statuses and the three records that travel between stages."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Literal

# In the order of preference when one name has two of them.
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg")


Tracks = Literal["main", "all"]  # of a video: its main face, or all
MainFace = Literal["largest", "changed"]  # changed: most unlike the real, where that is known


class Label(IntEnum):
    """What a video is. 1 = fake everywhere; a source with another convention is translated once, in its corpus file."""

    REAL = 0
    FAKE = 1


class Split(StrEnum):
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Status(StrEnum):
    """What became of a video in face extraction."""

    OK = "ok"
    NO_FACE = "no_face"
    UNREADABLE = "unreadable"  # a fact about the file: its decoder fails, hangs or dies on it
    TOO_SHORT = "too_short"
    FAILED = "failed"  # a fault of the machine or of the program; the next run tries the video again


@dataclass(frozen=True, slots=True)
class Video:
    """One file of a corpus. All that is known of it comes from the corpus's lists, nothing from its pixels.

    Attributes:
        video_id: POSIX path inside the corpus without suffix, `Celeb-real/id0_0001`; unique in the corpus.
        path: the file.
        label: real or fake.
        split: None for a video that no split contains (an unseen file, or one that the protocol drops).
        method: how it was forged, `Deepfakes`; `real` for a real video.
        target_id: the person whose video it is; empty where the corpus does not say.
        source_id: the person whose face was put in; empty for a real video, or where the corpus does not say.
        real_id: `video_id` of the real video that a fake was made from; empty for a real video, or where unknown.
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
    """What became of one video.

    Attributes:
        video_id: as in the corpus.
        status: `ok` if at least one face was stored.
        reason: why not, in a few words; of an `ok` one, what part of the file could not be read.
        num_frames: of the file; 0 if it could not be read.
        fps: average frames per second.
        height: of a frame, in pixels.
        width: of a frame, in pixels.
        num_sampled: frames that were looked at.
        num_faces: tracks that were stored.
        num_detected: sampled frames that the finder was shown; boxes of the others are interpolated.
        reader: the library that decoded it; empty if none could.
        num_bytes: of the file. Another number means another file, whose faces are extracted again; -1 asks for that
            too, as for a fake whose real failed.
        digest: of the file's content, see `deepfake.store.sources`; the audit compares it between splits.
        boxes: `detected` in this video, or `reused` from its real; empty without a face.
        duration_s: seconds that a player shows.
        num_repeated: sampled frames that equal the frame before them.
        remarks: what was done to the picture so that it is as a player shows it, and what could not be done.
        num_shots: shots among the segments that were looked at; 0 if none was.
        main_share: share of the segments in which the main track was found; a lost one counts as one without.
        changed_track: the track that differs most from the real of the same name; -1 where that is not known.
        path: of the file.
        modified_ns: when the file was last changed, in nanoseconds since 1970; 0 where that was not noted. With another
            time, the digest tells whether it is another file.
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


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What a model wants to see; it lives in the model's checkpoint.

    Attributes:
        clip_length: T, frames in a clip; 1 is a single frame.
        frame_stride: distance between two frames of a clip, in frames of the video.
        margin: side of the cut, as a multiple of the side of the face's box.
        size: S, side in pixels that the cut is resized to.
        shape: `square` cuts the square around the longer side of the box, so faces keep their proportions; `box` cuts
            the finder's box as it is and stretches it.
        mean: per RGB channel, of values in [0, 1].
        std: per RGB channel, of values in [0, 1].
    """

    clip_length: int
    frame_stride: int
    margin: float
    size: int
    shape: Literal["square", "box"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
