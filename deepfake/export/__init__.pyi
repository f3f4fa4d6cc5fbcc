from .agreement import require_agreement as require_agreement
from .facts import facts_of as facts_of
from .formats import FORMATS as FORMATS
from .hub import push as push
from .hub import require_login as require_login
from .measured import measured_runs as measured_runs
from .model_card import model_card as model_card
