"""Networks of other projects whose published weights are converted: `scripts/import_weights.py`."""
