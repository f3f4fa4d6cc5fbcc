from .detector import Detector as Detector
from .heads import LinearHead as LinearHead
from .heads import MesoHead as MesoHead
from .network import Network as Network
