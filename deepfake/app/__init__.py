"""The page of verdicts that is served on this machine: upload, line of jobs, card; the one door to Gradio."""

import lazy_loader

# On first use, since checking the options of the command needs the limits alone. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
