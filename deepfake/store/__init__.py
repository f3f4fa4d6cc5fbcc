"""The face store: one archive for each video, and tables in parts."""

from deepfake.store.archive import CROP_COLUMNS, FACE, LANDMARKS, PLACE, SQUARE, Stored
from deepfake.store.claims import Claims
from deepfake.store.faults import ReadOnlyError
from deepfake.store.images import ENCODING, LOSSLESS, decode
from deepfake.store.pile import Pile
from deepfake.store.sources import facts
from deepfake.store.store import FaceStore, recipe_name

__all__ = [
    "CROP_COLUMNS",
    "ENCODING",
    "FACE",
    "LANDMARKS",
    "LOSSLESS",
    "PLACE",
    "SQUARE",
    "Claims",
    "FaceStore",
    "Pile",
    "ReadOnlyError",
    "Stored",
    "decode",
    "facts",
    "recipe_name",
]
