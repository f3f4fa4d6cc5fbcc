from .beside import content_beside as content_beside
from .beside import page_beside as page_beside
from .writing import write_page as write_page
