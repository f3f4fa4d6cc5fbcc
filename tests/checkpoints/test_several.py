"""Several checkpoints side by side: their names, and what may not stand beside each other."""

from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from deepfake.checkpoints import faces_of, read_several, require_persons, same_faces
from deepfake.checkpoints.several import detector_names, require_each_once
from deepfake.errors import ConfigError
from deepfake.models.digest import digest
from deepfake.scoring import ScoringRule
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.ckpt", "b.ckpt"], ["a", "b"]),
        (["x/best.ckpt", "b.onnx"], ["best", "b"]),
        (["x/checkpoints/best.ckpt", "y/checkpoints/best.ckpt"], ["x", "y"]),
        (["x/checkpoints/best.ckpt", "y/checkpoints/best.ckpt", "last.ckpt"], ["x", "y", "last"]),
        (["x/1/best.ckpt", "x/2/best.ckpt", "y/1/best.ckpt"], ["x/1", "x/2", "y/1"]),
        (["a.ckpt", "a.onnx"], ["a.ckpt", "a.onnx"]),
        (["/x/best.ckpt", "/y/best.ckpt", "/x.ckpt"], ["x/best", "y/best", "x"]),
        (["a\udcff.ckpt", "b.ckpt"], ["a%FF", "b"]),
    ],
)
def test_names_are_short_and_tell_apart(paths: list[str], names: list[str]) -> None:
    assert detector_names([Path(path) for path in paths]) == names
    assert detector_names([Path(path) for path in reversed(paths)]) == names[::-1]


def saved(path: Path, *overrides: str, bias: float = 0.0) -> Path:
    """Save a small detector with weights of its own."""
    whole = content("faces=mtcnn", *overrides)
    name = [*whole["state_dict"]][-1]
    whole["state_dict"][name] = whole["state_dict"][name] + bias
    whole[CARD] = {**whole[CARD], "digest": digest(whole["state_dict"])}
    path.parent.mkdir(exist_ok=True)
    torch.save(whole, path)
    return path


def test_they_come_in_the_order_of_their_names_and_none_twice(tmp_path: Path) -> None:
    b, a = saved(tmp_path / "b.ckpt"), saved(tmp_path / "a.ckpt", bias=1.0)
    assert list(read_several([b, a])) == list(read_several([a, b])) == ["a", "b"]
    with pytest.raises(ConfigError, match="checkpoint= has .*a.ckpt twice: give each detector once"):
        read_several([a, b, a])
    copy = tmp_path / "c.ckpt"
    copy.write_bytes(a.read_bytes())
    with pytest.raises(ConfigError, match="a.ckpt and .*c.ckpt, which have the same weights: give each"):
        read_several([a, copy])


def recipes(found: Any, options: Any = None) -> dict[str, Any]:
    return {name: faces_of(each, options, Path("weights"))[0] for name, each in found.items()}


def test_other_faces_are_refused_by_name(tmp_path: Path) -> None:
    a, b = saved(tmp_path / "a.ckpt"), saved(tmp_path / "b.ckpt", "faces.num_segments=2", "faces.margin=2", bias=1.0)
    found = read_several([a, b])
    with pytest.raises(ConfigError) as caught:
        same_faces(recipes(found))
    assert "\n" not in str(caught.value)
    assert (
        "the detectors a and b have other recipes of faces (faces.num_segments is 4 and 2, faces.margin is 1.3 and 2.0)"
        in str(caught.value)
    )
    assert "give faces.num_segments, faces.margin, which then holds for both" in str(caught.value)
    given = recipes(found, OmegaConf.create({"num_segments": 3, "margin": 1.5}))
    assert same_faces(given) == given["a"] == given["b"]


def test_a_rule_without_persons_is_refused() -> None:
    require_persons({"a": ScoringRule(), "b": ScoringRule(aggregate="max")})
    with pytest.raises(ConfigError, match="aggregate is mean_all for the detector b, .* such as aggregate=mean"):
        require_persons({"a": ScoringRule(), "b": ScoringRule(aggregate="mean_all")})


def test_no_path_but_what_differs_is_shown_of_detectors(tmp_path: Path) -> None:
    assert detector_names([tmp_path / "best.ckpt"]) == ["best"]
    assert detector_names([tmp_path / "x" / "a.ckpt", tmp_path / "b.ckpt"]) == ["a", "b"]
    runs = [tmp_path / "private" / day / "checkpoints" / "best.ckpt" for day in ("1", "2")]
    assert detector_names([*runs, tmp_path / "c.ckpt"]) == ["1", "2", "c"]


def test_a_checkpoint_is_given_once(tmp_path: Path) -> None:
    require_each_once([tmp_path / "a.ckpt", tmp_path / "b.ckpt"])
    with pytest.raises(ConfigError, match="checkpoint= has .*a.ckpt twice: give each once"):
        require_each_once([tmp_path / "a.ckpt", tmp_path / "x" / ".." / "a.ckpt"])
