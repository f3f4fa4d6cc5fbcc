"""From scores to numbers: tables of predictions, videos without a score, and every metric with its interval."""

import lazy_loader

# On first use: `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
