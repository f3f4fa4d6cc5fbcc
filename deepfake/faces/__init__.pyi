from .recipe import EXTRACTOR_VERSION as EXTRACTOR_VERSION
from .recipe import Recipe as Recipe
from .settled_recipe import make_finder as make_finder
from .settled_recipe import settled as settled
from .settled_recipe import stored_recipe as stored_recipe
from .settled_recipe import with_weights as with_weights
