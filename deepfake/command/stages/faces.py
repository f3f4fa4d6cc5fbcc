"""Option groups of extraction: how it runs, and what it stores."""

from deepfake.config.check import Built, Group, OneOf
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.finders import Finder
from deepfake.faces.recipe import Recipe
from deepfake.options import types_of
from deepfake.ranges import Length, PathName, Share

# The device is outside of the group, since detectors run on it too.
EXTRACT = Group({name: kind for name, kind in types_of(ExtractOptions).items() if name != "device"})

_RECIPE = {**types_of(Recipe), "num_segments": Length}  # every frame is what verdicts have an option of their own for
# The weights are looked up if null, and the device is another option.
_FINDER = Built(Finder, given=("device",), types={"weights": PathName | None})
FACES = Group({**_RECIPE, "finder": _FINDER})

# Options that replace those in a checkpoint. Its finder, unknown here, checks later whether it has them.
_OF_ANY_FINDER = {
    "weights": PathName | None,
    "max_size": Length | None,
    "min_face_size": Length | None,
    "thresholds": tuple[Share, Share, Share] | None,
    "min_score": Share | None,
    "nms_iou": Share | None,
}
CARRIED_FACES = Group(
    {**{name: kind | None for name, kind in _RECIPE.items()}, "finder": OneOf(_FINDER, Group(_OF_ANY_FINDER))}
)
