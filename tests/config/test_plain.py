"""A config with other values is a copy of it, whose references see them."""

from omegaconf import OmegaConf

from deepfake.config.plain import plain, with_options


def test_a_config_with_other_options_is_another_one() -> None:
    config = OmegaConf.create({"model": {"margin": 1.3, "size": 32}, "shown": "${model.margin}"})
    OmegaConf.set_struct(config, True)
    assert plain(with_options(config, {"model": {"margin": 1.0}})) == {
        "model": {"margin": 1.0, "size": 32},
        "shown": 1.0,
    }
    assert plain(config)["model"]["margin"] == plain(config)["shown"] == 1.3
