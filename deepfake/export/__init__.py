"""A checkpoint as a file that other programs run, verified against it, with a model card that says what it is."""

import lazy_loader

# On first use, since the exporters of torch take seconds to import. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
