from .card import card_html as card_html
from .card import card_style as card_style
from .report import write_report as write_report
