"""Only what stands on the backbone trains."""

from deepfake.models.backbones import Backbone
from deepfake.models.tune.tune import Tune, freeze


class Head(Tune):
    """Trains the temporal module and the head."""

    def apply(self, backbone: Backbone) -> None:
        """Freeze the whole backbone."""
        freeze(backbone)
