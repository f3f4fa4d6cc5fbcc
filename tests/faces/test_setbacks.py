"""What happens to a job that did not end well, and when a run stops."""

from concurrent.futures import Future, TimeoutError

from pebble import ProcessExpired

from deepfake.errors import ExtractionError
from deepfake.faces.phase import Phase, board_size, write
from deepfake.faces.setbacks import DecoderLost, Setbacks, outcome
from deepfake.faces.workers import Fault
from deepfake.schema import Status, VideoRow


def noted(*statuses: tuple[Status, str]) -> int:
    """Count the rows that are accepted before the run stops."""
    setbacks = Setbacks()
    for i, (status, reason) in enumerate(statuses):
        try:
            setbacks.note(VideoRow(f"{i}", status, reason), known=False)
        except ExtractionError:
            return i + 1
    return len(statuses)


BUG, FULL, FINE = (Status.FAILED, "ValueError: bug"), (Status.FAILED, "RuntimeError: full"), (Status.OK, "")
DAMAGED = (Status.UNREADABLE, "cut off")


def test_five_failures_in_a_row_with_one_cause_stop_a_run() -> None:
    assert noted(*[BUG] * 9) == 5
    assert noted(*[BUG] * 4, FINE, *[BUG] * 4) == 9
    assert noted(*[BUG] * 4, FULL, *[BUG] * 4) == 9
    assert noted(*[BUG] * 4, DAMAGED, *[BUG] * 4) == 6  # a damaged file does not show that the finder works
    assert noted(*[(Status.FAILED, f"OSError: [Errno 5] Input/output error: '/{i}'") for i in range(9)]) == 5


def ended(error: BaseException, which: Phase, seconds: float) -> Fault | DecoderLost:
    """End a job with an error so many seconds after it entered a phase; the limit is 10 s."""
    board, future = [0.0] * board_size(1), Future[None]()
    future.set_exception(error)
    write(board, 0, which)
    board[1] -= seconds
    return outcome(future, board, 0, timeout_s=10)  # type: ignore[return-value]


def test_only_one_long_call_of_a_decoder_is_a_hang() -> None:
    assert isinstance(ended(TimeoutError(), Phase.DECODE, 9), DecoderLost)
    assert isinstance(ended(TimeoutError(), Phase.DECODE, 1), Fault)  # many calls that end: a slow machine
    assert isinstance(ended(TimeoutError(), Phase.FIND, 9), Fault)
    assert isinstance(ended(TimeoutError(), Phase.OTHER, 9), Fault)


def test_only_a_crash_while_decoding_is_the_decoders() -> None:
    def died(code: int, which: Phase) -> Fault | DecoderLost:
        return ended(ProcessExpired("", code=code), which, 1)

    assert isinstance(died(-11, Phase.DECODE), DecoderLost)
    assert isinstance(died(-9, Phase.DECODE), Fault)
    assert isinstance(died(15, Phase.DECODE), Fault)
    assert isinstance(died(-11, Phase.FIND), Fault)
    assert isinstance(died(-11, Phase.OTHER), Fault)
