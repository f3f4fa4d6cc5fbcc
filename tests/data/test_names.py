"""Strings that are stored in tensors."""

from deepfake.data.names import Names


def test_every_name_comes_back() -> None:
    given = ["", "real/a", "ä ö", "鏡", "odd \udcff byte", "real/a"]
    names = Names(given)
    assert len(names) == len(given)
    assert [names[i] for i in range(len(given))] == names.to_list() == given
    assert names.take([5, 0, 3, 3]) == ["real/a", "", "鏡", "鏡"]
    assert Names([]).to_list() == [] and Names([""]).to_list() == [""]
