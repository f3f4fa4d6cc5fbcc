import torch

from deepfake.models.temporal.lstm import Lstm


def test_it_begins_from_zeros_and_reads_in_order() -> None:
    torch.manual_seed(0)
    lstm = Lstm(4, hidden_size=6, num_layers=2).eval()
    features = torch.randn(3, 5, 4)
    first = lstm(features)
    assert first.shape == (3, 6)
    assert torch.equal(lstm(features), first)
    assert not torch.allclose(lstm(features.flip(1)), first)


def test_it_equals_the_textbook_step_by_step() -> None:
    torch.manual_seed(0)
    lstm = Lstm(4, hidden_size=6)
    features = torch.randn(2, 3, 4)
    weights = dict(lstm.lstm.named_parameters())
    hidden = cell = torch.zeros(2, 6)
    for frame in features.unbind(1):
        gates = frame @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        entry, forget, new, out = (gates + hidden @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]).chunk(4, 1)
        cell = forget.sigmoid() * cell + entry.sigmoid() * new.tanh()
        hidden = out.sigmoid() * cell.tanh()
    torch.testing.assert_close(lstm(features), hidden)
