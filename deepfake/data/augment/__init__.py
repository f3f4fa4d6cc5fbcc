"""Augmentation of training clips, a recipe a file."""

import lazy_loader

# On first use; `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
