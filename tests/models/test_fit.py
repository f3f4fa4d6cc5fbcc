import pytest
from torch import nn

from deepfake.errors import WeightsError
from deepfake.models.fit import check_shapes, load_exactly


def test_every_kind_of_difference_is_named() -> None:
    expected = {"a": (1,), "b": (2,), "c": (3,)}
    check_shapes(dict(expected), expected, "x")
    message = (
        r"^x: 1 of 3 missing \(a \(1,\), ...\); 1 unknown \(d \(4,\), ...\); "
        r"1 of another shape \(c: found \(30,\), expected \(3,\), ...\)$"
    )
    with pytest.raises(WeightsError, match=message):
        check_shapes({"b": (2,), "c": (30,), "d": (4,)}, expected, "x")


def test_nothing_is_loaded_partly() -> None:
    network, other = nn.Linear(2, 3), nn.Linear(2, 3)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError, match="1 of 2 missing"):
        load_exactly(network, {"weight": other.weight}, "x")
    assert all(before[key].equal(value) for key, value in network.state_dict().items())
    load_exactly(network, other.state_dict(), "x")
    assert network.weight.equal(other.weight)
