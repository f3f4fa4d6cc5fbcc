"""Scores a detector on distorted videos, beside the clean ones."""

import lazy_loader

# Names load on first use. See `__init__.pyi`.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
