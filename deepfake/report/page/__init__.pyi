from .writing import write_page as write_page
