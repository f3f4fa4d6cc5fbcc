from .best_checkpoint import BestCheckpoint as BestCheckpoint
from .epoch_checkpoints import EpochCheckpoints as EpochCheckpoints
from .epoch_log import EpochLog as EpochLog
from .predictions import Predictions as Predictions
from .run_id import RunId as RunId
from .training_progress import TrainingProgress as TrainingProgress
from .training_progress import epoch_name as epoch_name
from .whole_checkpoints import WholeCheckpoints as WholeCheckpoints
