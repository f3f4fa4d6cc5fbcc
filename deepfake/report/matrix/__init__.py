"""The matrix of many runs, what was trained by what it was tested on, and the leaderboard of sweeps."""

import lazy_loader

# On first use, since the page brings altair. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
