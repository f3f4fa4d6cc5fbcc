from .intervals import LevelAucs as LevelAucs
from .passes import Scored as Scored
from .passes import score_distorted as score_distorted
from .results import write_robustness as write_robustness
from .table import summary as summary
