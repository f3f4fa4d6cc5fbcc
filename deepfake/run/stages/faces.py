"""Groups of options of extraction: how it runs, and what it stores."""

from deepfake.faces.extract import extract
from deepfake.faces.finders.finder import Finder
from deepfake.faces.recipe import Recipe
from deepfake.faces.shards import shard
from deepfake.options import parameters
from deepfake.ranges import Device, Length, PathName, Share
from deepfake.run.check import Built, Group, OneOf
from deepfake.video.door import readers_for

EXTRACT = Group(
    {
        "device": Device,
        "reader": parameters(readers_for)["choice"].type,
        "num_workers": parameters(extract)["num_workers"].type | None,
        "timeout_s": parameters(extract)["timeout_s"].type,
        "num_shards": parameters(shard)["num_shards"].type,
        "shard_index": parameters(shard)["shard_index"].type | None,
        "only_merge": bool,
    }
)

_RECIPE = {name: parameter.type for name, parameter in parameters(Recipe).items()}
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
