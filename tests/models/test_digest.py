import torch

from deepfake.models.digest import digest

STATE = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(True), "c": torch.ones(0, 2)}


def test_names_shapes_types_and_bytes_count_and_nothing_else() -> None:
    same = {"c": torch.ones(0, 2), "b": torch.tensor(True), "a": torch.arange(6.0).reshape(3, 2).clone().reshape(2, 3)}
    transposed = torch.arange(6.0).reshape(2, 3).t().contiguous().t()
    assert digest(STATE) == digest(same) == digest({**STATE, "a": transposed})
    others = [
        {**STATE, "a": STATE["a"].reshape(3, 2)},
        {**STATE, "a": STATE["a"].view(torch.int32)},
        {**STATE, "a": torch.nextafter(STATE["a"], torch.tensor(9.0))},
        {**STATE, "c": torch.ones(2, 0)},
        {name: value for name, value in STATE.items() if name != "c"},
        {**STATE, "b": torch.tensor(False)},
        {**STATE, "d": torch.tensor(False)},
        {"aa": STATE["a"], "b": STATE["b"], "c": STATE["c"]},
    ]
    assert len({digest(state) for state in [STATE, *others]}) == len(others) + 1


def test_half_precision_counts_too() -> None:
    assert digest({"a": torch.ones(3, dtype=torch.bfloat16)}) != digest({"a": torch.ones(3, dtype=torch.half)})


def test_an_odd_stride_of_a_single_element_does_not_count() -> None:
    odd = torch.ones(4).as_strided((1,), (4,))
    assert odd.stride() == (4,)
    assert digest({"a": odd}) == digest({"a": torch.ones(1)})
