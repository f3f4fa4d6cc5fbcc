"""A card is validated as a whole: one line names each field that is missing or of the wrong type."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from deepfake import load_detector
from deepfake.checkpoints import Checkpoint, build_detector, read_checkpoint
from deepfake.checkpoints.card import check_card
from deepfake.errors import CheckpointError
from deepfake.models.detector import Detector
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content

Place = tuple[str, ...]
FREE = {("config",), ("data", "content"), ("data", "reals"), ("faces", "image_options")}  # anything may be in these
OPTIONAL = {
    ("digest",),
    ("scoring",),
    ("scoring", "aggregate"),
    ("distortions",),
    ("rest",),
    ("quality",),
    ("data", "content"),
    ("data", "reals"),
    ("faces", "extractor"),
    ("faces", "image_options"),
    ("faces", "reuse_boxes"),
    ("faces", "detect_every"),
}
OTHERS = ["x/../..", "${seed}", 7.5, -1, 0, 10**30, float("nan"), True, None, [1], {"a": 1}]


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    found = content("model=meso4_lstm", "faces=mtcnn")
    found[CARD]["data"]["content"] = {"train": "0123"}
    found[CARD]["data"]["reals"] = {"train": "0123 4567"}
    return found


def places(node: Any, place: Place = ()) -> Iterator[Place]:
    """Yield every field of a card."""
    if place:
        yield place
    if isinstance(node, dict) and place not in FREE:
        for key, value in node.items():
            yield from places(value, (*place, key))


def changed(whole: dict[str, Any], place: Place, *value: Any) -> dict[str, Any]:
    """Return a checkpoint with another value at a place of its card, or with none."""
    card = copy.deepcopy(whole[CARD])
    node = card
    for key in place[:-1]:
        node = node[key]
    del node[place[-1]]
    if value:
        node[place[-1]] = value[0]
    return {**whole, CARD: card}


def rebuilt(content: dict[str, Any]) -> Detector:
    """Build a detector as from a file, but without one."""
    path, card = Path("a.ckpt"), content[CARD]
    check_card(card, path)
    state = {name.removeprefix("detector."): value for name, value in content["state_dict"].items()}
    return build_detector(Checkpoint(path, card, state, content))


def read(content: dict[str, Any], folder: Path) -> Detector:
    torch.save(content, folder / "a.ckpt")
    return load_detector(folder / "a.ckpt")


def test_no_field_may_be_missing(whole: dict[str, Any]) -> None:
    seen = 0
    for place in places(whole[CARD]):
        without = changed(whole, place)
        if place in OPTIONAL or _has_default(place):
            rebuilt(without)
            continue
        with pytest.raises(CheckpointError) as error:
            rebuilt(without)
        message = str(error.value)
        assert place[-1] in message or _in_other_words(place, message), (place, message)
        assert "\n" not in message
        seen += 1
    assert seen > 30


def _has_default(place: Place) -> bool:
    """Return whether a place is an option that its constructor has a default for."""
    if place[:2] == ("faces", "finder") and place[2:]:
        return place[-1] != "_target_"
    optional = {"shape", "layout", "tune", "dropout", "hidden_size", "num_layers", "normalise"}
    return place[0] == "model" and place[-1] in optional


@pytest.mark.parametrize("value", OTHERS, ids=repr)
def test_no_field_may_be_of_another_type(value: Any, whole: dict[str, Any]) -> None:
    refused = 0
    for place in places(whole[CARD]):
        try:
            rebuilt(changed(whole, place, value))
        except CheckpointError as error:
            message = str(error)
            assert "\n" not in message and "a.ckpt" in message, place
            assert place[-1] in message or _in_other_words(place, message), (place, message)
            refused += 1
    assert refused > 20


def _in_other_words(place: Place, message: str) -> bool:
    if place[0] == "model":  # the weights show it
        return (
            "weights that do not fit its own model" in message
            or "num_features, which" in message
            or "choose one of this group's files" in message
        )
    return place[0] == "spec" and "was trained with the input" in message


def test_an_option_that_is_none_is_named(whole: dict[str, Any], tmp_path: Path) -> None:
    for place in (("faces", "colour"), ("faces", "finder", "colour"), ("model", "colour"), ("model", "head", "colour")):
        card = copy.deepcopy(whole[CARD])
        node = card
        for key in place[:-1]:
            node = node[key]
        node["colour"] = 1
        with pytest.raises(CheckpointError, match=f"has no option {'.'.join(place)};"):
            read({**whole, CARD: card}, tmp_path)


@pytest.mark.parametrize(
    ("part", "option", "value"),
    [("temporal", "hidden_size", 100_000), ("temporal", "num_layers", 100), ("backbone", "size", 10_000)],
)
def test_a_network_of_many_gigabytes_is_refused_before_it_takes_any(
    part: str, option: str, value: int, whole: dict[str, Any]
) -> None:
    large = changed(whole, ("model", part, option), value)
    before = psutil.Process().memory_info().vms
    with pytest.raises(
        CheckpointError, match="do not fit its own model: .* of another shape|missing|give a whole number"
    ):
        rebuilt(large)
    assert psutil.Process().memory_info().vms - before < 1 << 30


def test_what_another_version_adds_is_read(whole: dict[str, Any], tmp_path: Path) -> None:
    data = {**whole[CARD]["data"], "licence": "unknown"}
    read({**whole, CARD: {**whole[CARD], "data": data, "clips": {"per_video": 8}}}, tmp_path)


def test_a_card_is_plain_data_of_a_sensible_size(whole: dict[str, Any], tmp_path: Path) -> None:
    wide: list[Any] = [1] * 9
    for _ in range(40):
        wide = [wide, wide]  # 2^40 numbers for whoever walks over them
    endless: dict[str, Any] = {}
    endless["again"] = endless
    for config, message in (
        ({"a": torch.ones(1)}, "config.a is of type Outline, which is not plain data"),
        ({1: 2}, "config has the key 1"),
        ({"wide": wide}, "holds too much"),
        (endless, "nested too deeply"),
    ):
        with pytest.raises(CheckpointError, match=message):
            read({**whole, CARD: {**whole[CARD], "config": config}}, tmp_path)


def test_nothing_of_a_file_is_unpacked_before_its_card_is_whole(
    whole: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(changed(whole, ("model",)), tmp_path / "a.ckpt")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(CheckpointError, match="has a card without model"):
        read_checkpoint(tmp_path / "a.ckpt")


def test_a_card_that_is_a_word_or_a_network_is_none(whole: dict[str, Any], tmp_path: Path) -> None:
    for card in ("card", [1], None, torch.ones(2)):
        with pytest.raises(CheckpointError, match="not a checkpoint of this project"):
            read({**whole, CARD: card}, tmp_path)
    (tmp_path / "a.ckpt").write_bytes(pickle.dumps({CARD: whole[CARD], "state_dict": {}}))
    with pytest.raises(CheckpointError, match="cannot be read safely"):
        load_detector(tmp_path / "a.ckpt")
