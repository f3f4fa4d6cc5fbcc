from .guard import GuardedLogger as GuardedLogger
from .wandb import WandbRun as WandbRun
from .wandb import closing as closing
from .wandb import is_wanted as is_wanted
from .wandb import log_page as log_page
from .wandb import log_results as log_results
from .wandb import wandb_logger as wandb_logger
from .wandb import where_to_look as where_to_look
