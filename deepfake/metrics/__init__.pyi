from .binary import THRESHOLD as THRESHOLD
from .binary import binary_metrics as binary_metrics
from .clip_scores import ClipScores as ClipScores
