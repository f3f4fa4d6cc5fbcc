"""The check of a map: it passes where a detector looks and fails elsewhere."""

import pytest
import torch
from torch import Tensor, nn

from deepfake.explain import check_map
from deepfake.explain.hiding import blurred, hidden
from deepfake.explain.map_check import marked
from deepfake.models.backbones import Backbone
from deepfake.models.detector import Detector
from deepfake.models.heads import LinearHead
from deepfake.models.temporal import Mean

SIZE = 64


class Corner(Backbone):
    """Sees how much detail there is in one corner, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.num_features, self.mean, self.std = 1, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.weight * images[..., 8:28, 8:28].std((2, 3)).mean(1, keepdim=True)


def corner(sign: float) -> Detector:
    network = Detector(Corner(), Mean, LinearHead, clip_length=2, frame_stride=1, margin=1.3, size=SIZE)
    with torch.no_grad():
        for parameter, value in zip(network.head.parameters(), (10.0 * sign, -1.0 * sign), strict=True):
            parameter.fill_(value)
    return network.eval()


CLIP = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def spot(top: int, left: int) -> Tensor:
    heat_map = torch.zeros(2, SIZE, SIZE)
    heat_map[:, top : top + 20, left : left + 20] = 1
    return heat_map


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_place_that_the_score_depends_on_passes_in_either_direction(sign: float) -> None:
    network = corner(sign)
    check = check_map(network, CLIP, spot(8, 8))
    assert check.passes and check.falls == (sign > 0) and len(check.control_scores) == 20
    assert check == check_map(network, CLIP, spot(8, 8))
    with torch.no_grad():
        place = marked(spot(8, 8), 0.1)
        by_hand = CLIP.clone()
        by_hand[place.unsqueeze(1).expand_as(CLIP)] = blurred(CLIP)[place.unsqueeze(1).expand_as(CLIP)]
        assert check.score == pytest.approx(network(CLIP[None]).sigmoid().item())
        assert check.hidden_score == pytest.approx(network(by_hand[None]).sigmoid().item())
        assert torch.equal(hidden(CLIP, place), by_hand)


def test_another_place_fails_and_an_empty_map_marks_nothing() -> None:
    check = check_map(corner(1.0), CLIP, spot(40, 40))
    assert not check.passes and check.surpassed < 0.5 and check.hidden_score == check.score
    empty = check_map(corner(1.0), CLIP, torch.zeros(2, SIZE, SIZE))
    assert not empty.passes and empty.control_scores == () and empty.hidden_score == empty.score


def test_a_tenth_of_each_frame_is_marked() -> None:
    heat_map = torch.rand(3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    place = marked(heat_map, 0.1)
    assert place.flatten(1).sum(1).tolist() == [round(0.1 * SIZE**2)] * 3
    for frame, where in zip(heat_map, place, strict=True):
        assert frame[where].min() > frame[~where].max()


@pytest.mark.parametrize(("share", "num_controls"), [(0.0, 20), (0.6, 20), (0.1, 0), (0.1, 64)])
def test_shares_and_numbers_out_of_range_are_refused(share: float, num_controls: int) -> None:
    with pytest.raises(ValueError, match=f"share={share}, num_controls={num_controls}: need"):
        check_map(corner(1.0), CLIP, spot(8, 8), share, num_controls=num_controls)
