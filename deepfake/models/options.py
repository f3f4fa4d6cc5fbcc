"""Types of the options of models, with their ranges: they stand at the constructors, and configs and cards are checked
against them.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

Length = Annotated[int, Field(ge=1, le=10_000)]  # a side in pixels, or frames
Width = Annotated[int, Field(ge=1, le=100_000)]  # numbers that stand for an image or a clip
Layers = Annotated[int, Field(ge=1, le=100)]
Margin = Annotated[float, Field(gt=0, le=1_000)]  # side of a cut, as a multiple of the side of the face's box
Share = Annotated[float, Field(ge=0, le=1)]
Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Means = Annotated[Sequence[Finite], Field(min_length=3, max_length=3)]  # of the RGB channels
Deviations = Annotated[Sequence[Above0], Field(min_length=3, max_length=3)]
