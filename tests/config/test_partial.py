"""A part that the run completes has `_partial_: true`; a yaml without it is told so."""

import pytest
from omegaconf import OmegaConf

from tests.command.test_every_option import composed, refused


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("model.temporal", ", the number of features, comes from the backbone"),
        ("model.head", ", the number of features, comes from the temporal module"),
        ("optimizer", " comes from the run"),
    ],
)
def test_a_part_that_the_run_completes_says_so(part: str, source: str) -> None:
    _, cfg = composed("train")
    OmegaConf.set_struct(cfg, False)
    del OmegaConf.select(cfg, part)["_partial_"]
    assert refused(cfg, "train") == f"{part} lacks _partial_: true: its first argument{source}"
