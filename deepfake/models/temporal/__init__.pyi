from .attention import Attention as Attention
from .bilstm import BiLstm as BiLstm
from .gru import Gru as Gru
from .lstm import Lstm as Lstm
from .mean import Mean as Mean
from .temporal import Temporal as Temporal
from .transformer import Transformer as Transformer
