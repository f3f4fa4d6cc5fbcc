"""Completes the face store of a corpus."""

import lazy_loader

# Names load on first use, since processes that decode video import this package without torch. See `__init__.pyi`.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
