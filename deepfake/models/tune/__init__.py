"""What of a backbone trains: a class for each choice; the temporal module and the head always train.

Public: `Tune`.
"""

from deepfake.models.tune.tune import Tune

__all__ = ["Tune"]
