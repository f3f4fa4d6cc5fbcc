"""Everything trains."""

from deepfake.models.backbones import Backbone
from deepfake.models.tune.tune import Tune


class All(Tune):
    """Trains the whole backbone."""

    def apply(self, backbone: Backbone) -> None:
        """Leave it as it is."""
