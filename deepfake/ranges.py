"""Types of options with their ranges. Constructors and functions that take options are annotated with them, and every
config and checkpoint card is checked against them; see `deepfake.options`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

LARGEST = 10**9  # a bound beyond any real need, so messages do not mention it

Count = Annotated[int, Field(ge=1, le=LARGEST)]
Amount = Annotated[int, Field(ge=0, le=LARGEST)]
Workers = Annotated[int, Field(ge=0, le=1_000)]  # number of processes; 0 works in the current process
Processes = Annotated[int, Field(ge=1, le=1_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # the range that NumPy accepts

Port = Annotated[int, Field(ge=1, le=65_535)]

Length = Annotated[int, Field(ge=1, le=10_000)]  # a side in pixels, or a number of frames
Length0 = Annotated[int, Field(ge=0, le=10_000)]  # the smallest length that counts; 0 accepts all
Width = Annotated[int, Field(ge=1, le=10_000)]  # size of a feature vector
Layers = Annotated[int, Field(ge=1, le=100)]
Percent = Annotated[int, Field(ge=1, le=100)]
Replicates = Annotated[int, Field(ge=2, le=LARGEST)]  # of a bootstrap; a standard error takes two
RateFactor = Annotated[int, Field(ge=0, le=51)]  # of H.264; higher is coarser

Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Above0 = Annotated[float, Field(gt=0, le=LARGEST)]
NotNegative = Annotated[float, Field(ge=0, le=LARGEST)]
Margin = Annotated[float, Field(gt=0, le=1_000)]  # side of the cut as a multiple of the side of the face's box
Share = Annotated[float, Field(ge=0, le=1)]
Confidence = Annotated[float, Field(gt=0, lt=1)]  # how often an interval holds, as 0.95
Prior = Annotated[float, Field(gt=0, lt=1)]  # share of fakes among the files that a probability speaks of
Below1 = Annotated[float, Field(ge=0, lt=1)]
BelowHalf = Annotated[float, Field(ge=0, lt=0.5)]

Means = Annotated[Sequence[Finite], Field(min_length=3, max_length=3)]  # one for each RGB channel
Deviations = Annotated[Sequence[Above0], Field(min_length=3, max_length=3)]


def _nameable(path: str | Path) -> str | Path:
    """Return the path if it can name a file."""
    if not str(path) or "\0" in str(path):
        raise ValueError("no file can have this name")
    return path


PathName = Annotated[str | Path, AfterValidator(_nameable), Field(description="a path")]
Paths = Annotated[Sequence[PathName], Field(min_length=1, description="a list of paths")]
Word = Annotated[str, Field(min_length=1, description="a word")]
Tag = Annotated[str, Field(min_length=1, max_length=64)]  # W&B refuses longer ones
Tags = Annotated[Sequence[Tag], Field(description="a list of words of 64 letters at most, as in tags=[demo,baseline]")]
Note = Annotated[str, Field(min_length=1, description="a sentence, as in \"notes='a first try'\"")]
FolderName = Annotated[  # becomes the name of a folder
    str,
    Field(
        pattern=r"^[^/\\\x00-\x1f]*[^/\\\x00-\x1f.][^/\\\x00-\x1f]*$", max_length=100, description="a name without /"
    ),
]
Aggregate = Annotated[  # how the scores of a face's clips become one; see `deepfake.scoring`
    str,
    Field(
        pattern=r"^(mean|median|max|mean_logit|mean_all|top_[1-9][0-9]{0,2})$",
        description="mean, median, max, top_3 (or another number), mean_logit, mean_all",
    ),
]
Device = Annotated[
    str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d{1,3})?)$", description="auto, cpu, cuda, cuda:1 or mps")
]
