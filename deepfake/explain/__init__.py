"""Why a detector scores a clip as it does: heat maps, the check of a map, and pictures of them."""

import lazy_loader

# On first use, since captum takes a second to import. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
