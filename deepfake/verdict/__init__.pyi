from .table import require_readable as require_readable
from .table import show_predictions as show_predictions
