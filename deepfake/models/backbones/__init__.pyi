from .backbone import Backbone as Backbone
from .meso4 import Meso4 as Meso4
from .mesoinception4 import MesoInception4 as MesoInception4
from .timm import Timm as Timm
