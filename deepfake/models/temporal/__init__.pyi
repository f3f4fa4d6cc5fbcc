from .lstm import Lstm as Lstm
from .mean import Mean as Mean
from .temporal import Temporal as Temporal
