"""The words of a verdict: what the score of a file or a person says, or why it says nothing."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a file, or a person in it, is said to be. The bands are those of a calibrated score."""

    STRONG_REAL = "strong evidence of no manipulation"
    MODERATE_REAL = "moderate evidence of no manipulation"
    NOT_CONCLUSIVE = "not conclusive"
    MODERATE_FAKE = "moderate evidence of manipulation"
    STRONG_FAKE = "strong evidence of manipulation"
    REAL = "real"  # without a calibration: the score is at most 0.5
    FAKE = "fake"  # without a calibration: the score is above 0.5
    INCONCLUSIVE = "inconclusive"  # there is no score; `Because` tells why


class Because(StrEnum):
    """Why a file, or a person in it, has no score."""

    UNREADABLE = "unreadable"
    FAILED = "failed"  # the fault of the machine or the program; the same command tries the file again
    NO_FACE = "no face"
    TOO_SHORT = "too short"
    FACE_TOO_SMALL = "face too small"
    BLURRED = "blurred"  # outside of what the detector was trained on, as is the next
    COMPRESSED = "heavily compressed"
    TOO_MANY_FACES = "too many faces"
    NOT_MAIN_FACE = "not the main face"  # of persons only, where tracks=main scores the largest face alone
