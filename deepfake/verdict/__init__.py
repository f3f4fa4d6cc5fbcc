"""A detector and files -> a typed verdict each: persons, scores, reasons; resumable, and written as they come."""

import lazy_loader

# On first use: the processes that decode video import this package and need no torch. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
