"""Verdicts for people to read: a card for a file, and `report.html` with the cards of many."""

import lazy_loader

# On first use, since Jinja2 and pandas take a moment. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
