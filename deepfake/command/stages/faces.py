"""Groups of options of extraction: how it runs, and what it stores."""

from deepfake.config.check import Built, Group, OneOf
from deepfake.extraction.options import ExtractOptions
from deepfake.faces.finders import Finder
from deepfake.faces.recipe import Recipe
from deepfake.options import types_of
from deepfake.ranges import Length, PathName, Share

# The device stands beside the group: detectors run on it too.
EXTRACT = Group({name: kind for name, kind in types_of(ExtractOptions).items() if name != "device"})

_RECIPE = types_of(Recipe)
# Where its weights lie is looked up unless it is said, and where it runs is another option.
_FINDER = Built(Finder, given=("device",), types={"weights": PathName | None})
FACES = Group({**_RECIPE, "finder": _FINDER})

# As in the checkpoint, unless options are given; which ones its finder has, it has to say itself.
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
