import torch

from deepfake.models.temporal.mean import Mean


def test_the_mean_of_the_frames() -> None:
    features = torch.arange(12.0).reshape(2, 3, 2)
    assert torch.equal(Mean(2)(features), torch.tensor([[2.0, 3.0], [8.0, 9.0]]))
    assert torch.equal(Mean(2)(features[:, :1]), features[:, 0])
