"""From scores to probabilities: what is learnt on val, so that a score can be believed and a threshold chosen."""

import lazy_loader

# On first use: scikit-learn takes a second. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
