from .agreement import require_agreement as require_agreement
from .facts import facts_of as facts_of
from .hub import push as push
from .hub import require_login as require_login
from .measured import measured_runs as measured_runs
from .readme import model_card as model_card
