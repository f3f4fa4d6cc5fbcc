from .check_map import MapCheck as MapCheck
from .check_map import check_map as check_map
from .exaggerated_difference import exaggerated_difference as exaggerated_difference
from .heat_maps import heat_maps as heat_maps
from .overlay import overlay as overlay
from .suspicious_frames import suspicious_frames as suspicious_frames
