from .address import listen as listen
from .address import warn_if_open as warn_if_open
from .door import check_gradio as check_gradio
from .limits import Limits as Limits
from .serving import serve_page as serve_page
