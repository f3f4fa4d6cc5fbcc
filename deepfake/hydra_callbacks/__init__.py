"""Hydra's callbacks, which conf/hydra names."""
