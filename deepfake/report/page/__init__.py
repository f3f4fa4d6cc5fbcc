"""The page of a run: one HTML file with its numbers, charts and worst mistakes, made from the run's folder."""

import lazy_loader

# On first use, since altair takes a second to import and only the writing of a page needs it. `__init__.pyi` has them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
