"""The options of `scripts/benchmark.py`."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from deepfake.ranges import Above0, Count, Length, PathName
from deepfake.run.check import Each, Group
from deepfake.run.stages.faces import EXTRACT, FACES
from deepfake.run.stages.groups import PATHS

OPTIONS = Group(
    {
        "paths": PATHS,
        "extract": EXTRACT,
        "faces": FACES,
        "finders": Each(FACES),
        "benchmark": Literal["extraction", "finders"],
        "input": PathName | None,
        "num_videos": Count,
        "seconds": Above0,
        "height": Length,
        "width": Length,
        "repeats": Count,
        "sizes": Annotated[Sequence[Count], Field(min_length=1)],
        "memory": Group({"minutes": Above0, "height": Length}),
        "max_crops": Count,
        "weights": Each(PathName | None),
    }
)
