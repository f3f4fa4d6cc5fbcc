"""What is found out about a file and about each person in it; see docs/verdict.md for the JSON that it becomes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from deepfake.schema import Status
from deepfake.verdict.verdict import Because, Verdict

SCHEMA_VERSION = 2  # raised when a field of these classes gets another name, type or meaning


@dataclass(frozen=True, slots=True)
class ClipScore:
    """What the detector said of one clip of a person; with several, a row for each stretch of frames that one scored.

    Attributes:
        start_frame: number of the clip's first frame in the file.
        end_frame: number of its last frame; the same where a clip is one frame.
        start_s: seconds from the file's first frame to the start of the clip, by the average frame rate.
        end_s: seconds to the end of its last frame.
        score: P(fake) in [0, 1], the detector's own; of several the combined one, None where not all scored this clip.
        box: the face in the clip's middle frame: left, top, right and bottom in pixels of the frame.
        scores: of each of several detectors, in the order of the person's `detectors`; None where it has no such clip.
    """

    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    score: float | None
    box: tuple[float, float, float, float]
    scores: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """What one of several detectors says of a file or a person, as it does alone.

    Attributes:
        detector: its name.
        score: P(fake) in [0, 1], its own; None if it has none.
        because: why it has none; None if it has one.
        person: the person whose score it is; None if no person's is.
        num_clips: clips that it scored.
        raw_score: its score even where it counts for nothing; None if it was not measured.
    """

    detector: str
    score: float | None
    because: Because | None
    person: int | None
    num_clips: int
    raw_score: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A heat map of one frame of a person, and its check; see docs/explanations.md.

    Attributes:
        most: whether it is of the most suspicious clip, and not of the least suspicious one.
        frame: number of the frame, the one of the clip whose map is strongest.
        second: its time in seconds from the first frame, by the average frame rate.
        score: P(fake) of the clip.
        hidden_score: the same when the tenth of each frame that the map marks is blurred.
        surpassed: share of the 20 other places whose blurring changes the logit less.
        passes: whether the map passes the check.
        crop: what the detector was shown, a WebP in base64.
        overlay: the same with the map over it.
        person: number of the person; None in results of before 2026-11-28, which explain the file's person.
    """

    most: bool
    frame: int
    second: float
    score: float
    hidden_score: float
    surpassed: float
    passes: bool
    crop: str
    overlay: str
    person: int | None = None


@dataclass(frozen=True, slots=True)
class PersonResult:
    """One person of a file: a face that was followed through it.

    Attributes:
        person: 1 for the largest face, and so on.
        score: P(fake) in [0, 1], the detector's own, or the combined one of several; None if the person has none.
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
        clips: the scores of the clips, in order of time.
        thumbnail: the stored face of `box_frame`, at most 160 pixels a side, a WebP in base64; empty if there is none.
        detectors: what each of several detectors says of this person; empty if there is one alone.
        looks_like: the larger person whom this one looks like, and is never in one frame with, so that the two may be
            pieces of one person; None if there is none. Several who look like one person all look like each other.
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
    clips: tuple[ClipScore, ...] = ()
    thumbnail: str = ""
    detectors: tuple[DetectorScore, ...] = ()
    looks_like: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut of a video.

    Attributes:
        frame: number of the first frame after it.
        second: when this frame begins, in seconds from the file's first one, by the average frame rate.
    """

    frame: int
    second: float


@dataclass(frozen=True, slots=True)
class FileResult:
    """The answer for one file.

    Attributes:
        path: the file as it was given, as text; `deepfake.names.as_path` turns it into a path.
        status: the outcome of face extraction.
        score: P(fake) in [0, 1], the detector's own, or the combined one of several; None if the file has none.
        calibrated: the calibrated score in [0, 1]; None without a score or a calibration.
        verdict: what the score says.
        because: why there is no score; None if there is one.
        error_rate: how often this verdict is wrong by val, where classes are as common as the calibration's prior says;
            None if that is not known.
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
        explanations: of the most and the least suspicious frame of each person with a score, the highest first and at
            most five, if asked for, and if one person's score is the file's.
        error_low: lower end of the rate's 95 % interval.
        error_high: upper end.
        detectors: what each of several detectors says of the file; empty if there is one alone.
        cuts: where shots end, in order of time, as far as both frames of a cut were looked at; None if it is not known.
        fps: average frames per second; 0 if it is not known.
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
    explanations: tuple[Explanation, ...] = ()
    error_low: float | None = None
    error_high: float | None = None
    detectors: tuple[DetectorScore, ...] = ()
    cuts: tuple[Cut, ...] | None = None
    fps: float = 0.0

    @property
    def readable(self) -> bool:
        """Whether the file could be read, so that its verdict is about its content."""
        return self.because not in (Because.UNREADABLE, Because.FAILED)


def as_plain(result: FileResult) -> dict[str, Any]:
    """Return a result as plain data, fit for JSON."""
    return asdict(result)


def without_pictures(result: FileResult) -> FileResult:
    """Return a result without its pictures, which a document for programs has no use for."""
    persons = tuple(replace(person, thumbnail="") for person in result.persons)
    return replace(
        result, persons=persons, explanations=tuple(replace(e, crop="", overlay="") for e in result.explanations)
    )


def from_plain(data: Mapping[str, Any]) -> FileResult:
    """Return the result that `as_plain` made plain. What a newer field would say is empty where an older line lacks it.

    Raises:
        KeyError: a field is missing.
        ValueError: a word is none of its kind.
    """
    values = {field.name: data[field.name] for field in fields(FileResult) if field.name in data}
    persons = tuple(_person(each) for each in values.pop("persons"))
    explanations = tuple(Explanation(**each) for each in values.pop("explanations", ()))
    if values.get("cuts") is not None:
        values["cuts"] = tuple(Cut(**each) for each in values["cuts"])
    words = {**_with_words(values), "status": Status(values["status"])}
    return FileResult(**{**words, "persons": persons, "explanations": explanations})


def _person(values: Mapping[str, Any]) -> PersonResult:
    clips = tuple(map(_clip, values.get("clips", ())))
    return PersonResult(**{**_with_words(values), "box": tuple(values["box"]), "clips": clips})


def _clip(values: Mapping[str, Any]) -> ClipScore:
    return ClipScore(**{**values, "box": tuple(values["box"]), "scores": tuple(values.get("scores", ()))})


def _with_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a file or person in which words are of their kinds again."""
    own = tuple(DetectorScore(**{**each, "because": _why(each)}) for each in values.get("detectors", ()))
    return {**values, "verdict": Verdict(values["verdict"]), "because": _why(values), "detectors": own}


def _why(values: Mapping[str, Any]) -> Because | None:
    because = values["because"]
    return None if because is None else Because(because)
