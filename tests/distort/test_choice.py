"""What the options of a test of robustness mean, and which are refused."""

from typing import Any

import pytest

from deepfake.distort.catalogue import GROUPS
from deepfake.distort.choice import Levels, Names, chosen_distortions
from deepfake.distort.distortion import Distortion
from deepfake.errors import ConfigError
from deepfake.options import fault


def test_every_type_is_taken_at_every_level() -> None:
    everything = chosen_distortions("all")
    assert len(everything) == 12 * 5 and len({*everything}) == 60
    assert {each.name for each in everything} == {*GROUPS["all"]}
    assert chosen_distortions(["CS", "GB"], [5, 1]) == [
        Distortion(name, level) for name in ("CS", "GB") for level in (5, 1)
    ]
    assert chosen_distortions("GB", 3, "dfo", 7) == [Distortion("GB", 3, 7, "dfo")]


def test_a_set_is_taken_once_beside_types() -> None:
    assert chosen_distortions(["mix_3", "GB"], 2) == [Distortion("mix_3"), Distortion("GB", 2)]
    assert chosen_distortions("random_level", seed=4) == [Distortion("random_level", seed=4)]


def test_nothing_is_chosen_without_names() -> None:
    assert chosen_distortions() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distort": "GX"}, "distort is 'GX', which is no distortion: choose all, deeperforensics, gend, a type"),
        ({"distort": ["GB", "mix_8"]}, "distort is 'mix_8', which is no distortion"),
        ({"distort": ["GB", "GB"]}, "distort has GB twice: give it once"),
        ({"distort": ["all", "GB"]}, "distort has GB twice: give it once"),
        ({"distort": ["mix_3", "mix_3"]}, "distort has mix_3 twice: give it once"),
        ({"distort": "GB", "level": [1, 2, 1]}, "level has 1 twice: give it once"),
        ({"level": [1, 3]}, r"level=\[1,3\] has no effect without distort: add distort=all, or leave it out"),
        ({"level": 3}, "level=3 has no effect without distort"),
        ({"reencode": "dfo"}, "reencode=dfo has no effect without distort"),
        ({"distort": "mix_3", "level": 2}, "level=2 has no effect on mix_3, which draws its own levels"),
        ({"distort": "VC", "reencode": "dfo"}, "reencode=dfo has no effect on VC, which is an encoding itself"),
    ],
)
def test_what_has_no_effect_or_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        chosen_distortions(**options)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Levels, 0), (Levels, 6), (Levels, []), (Levels, [1, 6]), (Levels, 2.5), (Names, []), (Names, ""), (Names, 3)],
)
def test_what_is_out_of_range_is_refused_by_its_type(kind: Any, value: Any) -> None:
    assert fault("option", value, kind) is not None
