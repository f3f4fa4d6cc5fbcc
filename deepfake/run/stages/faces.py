"""Groups of options of extraction: how it runs, and what it stores."""

from deepfake.faces.extract import extract
from deepfake.faces.finders.finder import Finder
from deepfake.faces.recipe import Recipe
from deepfake.faces.shards import shard
from deepfake.options import types_of
from deepfake.ranges import Device, Length, PathName, Share
from deepfake.run.check import Built, Group, OneOf
from deepfake.video.door import readers_for

EXTRACT = Group(
    {
        "device": Device,
        "reader": types_of(readers_for)["choice"],
        "num_workers": types_of(extract)["num_workers"] | None,
        "timeout_s": types_of(extract)["timeout_s"],
        "num_shards": types_of(shard)["num_shards"],
        "shard_index": types_of(shard)["shard_index"] | None,
        "only_merge": bool,
    }
)

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
