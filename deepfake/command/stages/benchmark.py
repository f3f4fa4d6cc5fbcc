"""The options of `scripts/benchmark.py`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from deepfake.command.stages.faces import EXTRACT, FACES
from deepfake.command.stages.groups import PATHS
from deepfake.config.check import Each, Group
from deepfake.data.caching import CacheKind
from deepfake.ranges import Above0, Count, Device, Length, PathName, Processes, Replicates, Word

_Counts = Annotated[Sequence[Count], Field(min_length=1)]

_TRAINING = {
    "models": Annotated[Sequence[Word], Field(min_length=1)],
    "options": Each(Sequence[Word]),
    "overrides": Sequence[Word],
    "caches": Annotated[Sequence[CacheKind | None], Field(min_length=1)],
    "num_videos": Count,
    "crop_size": Length,
    "frames_per_batch": Count | None,
    "steps": Count,
    "repeats": Count,
    "precision": Word | None,
}
_STORE = {
    "sizes": _Counts,
    "crops_per_video": Count,
    "processes": Annotated[Sequence[Processes], Field(min_length=1)],
    "num_videos": Count,
    "layout_videos": Count,
    "crop_size": Length,
}
_EVALUATION = {
    "num_videos": _Counts,
    "clips_per_video": Count,
    "replicates": Replicates,
    "plain_replicates": Count,
}

OPTIONS = Group(
    {
        "paths": PATHS,
        "device": Device,
        "extract": EXTRACT,
        "faces": FACES,
        "finders": Each(FACES),
        "training": Group(_TRAINING),
        "store": Group(_STORE),
        "evaluation": Group(_EVALUATION),
        "verdict": Group({"model": Word, "calls": Count, "files": Count}),
        "benchmark": Literal["extraction", "training", "store", "evaluation", "predict", "finders"],
        "input": PathName | None,
        "num_videos": Count,
        "seconds": Above0,
        "height": Length,
        "width": Length,
        "repeats": Count,
        "sizes": _Counts,
        "memory": Group({"minutes": Above0, "height": Length}),
        "max_crops": Count,
        "weights": Each(PathName | None),
    }
)
