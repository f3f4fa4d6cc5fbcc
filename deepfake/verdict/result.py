"""What is found out about a file and about each person in it; see docs/verdict.md for the JSON that it becomes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from deepfake.schema import Status
from deepfake.verdict.verdict import Because, Verdict

SCHEMA_VERSION = 1  # raised when a field of these classes gets another name, type or meaning


@dataclass(frozen=True, slots=True)
class PersonResult:
    """One person of a file: a face that was followed through it.

    Attributes:
        person: 1 for the largest face, and so on.
        score: P(fake) in [0, 1], the detector's own; None if the person has none.
        calibrated: the calibrated score in [0, 1]; None without a score or a calibration.
        verdict: what the score says.
        because: why there is no score; None if there is one.
        start_s: seconds from the file's first frame to the first one in which the face was seen.
        end_s: seconds to the end of the last one.
        num_clips: clips that were scored.
        num_frames: frames in which the face was seen.
        box_frame: number of the frame in which the face is largest.
        box: the face there: left, top, right and bottom in pixels of the frame, which may lie outside of it.
        raw_score: the detector's score even where it counts for nothing, as that of a face too small; None if it was
            not measured.
    """

    person: int
    score: float | None
    calibrated: float | None
    verdict: Verdict
    because: Because | None
    start_s: float
    end_s: float
    num_clips: int
    num_frames: int
    box_frame: int
    box: tuple[float, float, float, float]
    raw_score: float | None


@dataclass(frozen=True, slots=True)
class FileResult:
    """The answer for one file.

    Attributes:
        path: the file as it was given, as text; `deepfake.names.as_path` turns it into a path.
        status: the outcome of face extraction.
        score: P(fake) in [0, 1], the detector's own; None if the file has none.
        calibrated: the calibrated score in [0, 1]; None without a score or a calibration.
        verdict: what the score says.
        because: why there is no score; None if there is one.
        error_rate: share of val videos with this verdict for which it was wrong; None if that is not known.
        person: the person whose score is the file's; None if no person's is.
        num_faces: persons that were found.
        num_clips: clips that were scored.
        num_sampled: frames that were looked at.
        num_frames: frames of the file; 0 if it could not be read.
        seen_s: seconds that the frames looked at make up; 0 if it is not known.
        duration_s: length of the file in seconds; 0 for an image, or if it is not known.
        reason: why there is no score, or what part of the file could not be used, in words.
        remarks: what was done to show the picture as a player does.
        raw_score: the score before it was found to count for nothing; None if it was not measured.
        persons: everybody who was found, the largest face first.
    """

    path: str
    status: Status
    score: float | None
    calibrated: float | None
    verdict: Verdict
    because: Because | None
    error_rate: float | None
    person: int | None
    num_faces: int
    num_clips: int
    num_sampled: int
    num_frames: int
    seen_s: float
    duration_s: float
    reason: str
    remarks: str
    raw_score: float | None
    persons: tuple[PersonResult, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the file could be read, so that its verdict is about its content."""
        return self.because not in (Because.UNREADABLE, Because.FAILED)


def as_plain(result: FileResult) -> dict[str, Any]:
    """Return a result as plain data, fit for JSON."""
    return asdict(result)


def from_plain(data: Mapping[str, Any]) -> FileResult:
    """Return the result that `as_plain` made plain.

    Raises:
        KeyError: a field is missing.
        ValueError: a word is none of its kind.
    """
    values = {field.name: data[field.name] for field in fields(FileResult)}
    persons = tuple(PersonResult(**{**_words(each), "box": tuple(each["box"])}) for each in values.pop("persons"))
    return FileResult(**{**_words(values), "status": Status(values["status"]), "persons": persons})


def _words(values: Mapping[str, Any]) -> dict[str, Any]:
    because = values["because"]
    return {
        **values,
        "verdict": Verdict(values["verdict"]),
        "because": None if because is None else Because(because),
    }
