"""A file that scores otherwise is noticed, whatever the batch, and leaves nothing behind."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from deepfake.errors import ExportError
from deepfake.export import require_agreement
from deepfake.export.agreement import trial_batches
from deepfake.models.detector import Detector
from deepfake.schema import ClipSpec
from tests.export.test_formats import lively


@pytest.fixture
def detector() -> Detector:
    return lively("model=meso4")


def move(detector: Detector, by: float) -> None:
    """Add to every logit."""
    [*detector.head.parameters()][-1].data += by


def test_clips_are_of_the_input_noise_and_people_alike() -> None:
    spec = ClipSpec(3, 1, 1.3, 40, "square", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    batches = trial_batches(spec)
    assert [tuple(clips.shape) for clips in batches] == [(number, 3, 3, 40, 40) for number in (1, 2, 5)]
    clips = torch.cat(batches)
    assert clips.min() >= 0 and clips.max() <= 1
    rough = (clips[..., 1:] - clips[..., :-1]).abs().mean((1, 2, 3, 4))  # of neighbours; independent noise has 1/3
    assert (rough[::2] < 0.1).all() and ((rough[1::2] - 1 / 3).abs() < 0.02).all()
    assert (clips[0, 1:] - clips[0, :-1]).abs().mean() > 0  # they move
    assert all(torch.equal(one, other) for one, other in zip(batches, trial_batches(spec), strict=True))


def test_the_same_network_agrees_to_the_last_bit(detector: Detector) -> None:
    assert require_agreement(detector, detector, 0.0, "model.onnx") == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda logits: logits + 2e-4, "a logit differs by 0.0002, where 0.0001 is allowed"),
        (lambda logits: -logits, "a logit differs by"),
        (lambda logits: torch.where(torch.arange(len(logits)) == 4, torch.nan, logits), "a logit differs by inf"),
        (lambda logits: logits[:1], "cannot be compared"),
        (lambda logits: logits[:, None], "cannot be compared"),
    ],
)
def test_another_score_of_any_clip_is_an_error(
    wrong: Callable[[Tensor], Tensor], message: str, detector: Detector
) -> None:
    move(detector, 1)  # so that another sign is another logit
    with pytest.raises(ExportError, match=rf"^model.onnx .*{message}.*nothing was written; use") as error:
        require_agreement(detector, lambda clips: wrong(detector(clips)), 1e-4, "model.onnx")
    assert "\n" not in str(error.value)


def test_a_broken_checkpoint_is_not_compared(detector: Detector) -> None:
    move(detector, torch.nan)
    with pytest.raises(ExportError, match="cannot be compared: the checkpoint gives logits that are not finite"):
        require_agreement(detector, detector, 1e-4, "model.onnx")
