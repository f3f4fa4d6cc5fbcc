"""Results that are made on the spot."""

from dataclasses import replace

from deepfake.schema import Status
from deepfake.verdict import Because, FileResult, PersonResult, Verdict

PERSON = PersonResult(1, 0.75, None, Verdict.FAKE, None, 0.0, 2.0, 16, 50, 3, (1.0, 2.0, 30.5, 40.0), 0.75)
SCORED = FileResult(
    path="clips/a.mp4",
    status=Status.OK,
    score=0.75,
    calibrated=None,
    verdict=Verdict.FAKE,
    because=None,
    error_rate=None,
    person=1,
    num_faces=1,
    num_clips=16,
    num_sampled=64,
    num_frames=300,
    seen_s=2.56,
    duration_s=12.0,
    reason="",
    remarks="",
    raw_score=0.75,
    persons=(PERSON,),
)
FACELESS = replace(
    SCORED,
    path="empty.mp4",
    status=Status.NO_FACE,
    score=None,
    verdict=Verdict.INCONCLUSIVE,
    because=Because.NO_FACE,
    person=None,
    num_faces=0,
    num_clips=0,
    reason="no face in 64 frames",
    raw_score=None,
    persons=(),
)
FAILED = replace(FACELESS, path="b.mp4", status=Status.FAILED, because=Because.FAILED, reason="out of memory")
