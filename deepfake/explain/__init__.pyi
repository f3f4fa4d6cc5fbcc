from .beside_real import BesideReal as BesideReal
from .difference import exaggerated_difference as exaggerated_difference
from .frames import suspicious_frames as suspicious_frames
from .map_check import MapCheck as MapCheck
from .map_check import check_map as check_map
from .maps import heat_maps as heat_maps
from .overlays import overlay as overlay
