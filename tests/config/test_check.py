"""What a refused option says: all that is wrong at once, each where it was given, with what is allowed."""

from typing import Any

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from deepfake.command.entry import mistake_of
from deepfake.errors import DeepfakeError
from tests.command.test_every_option import composed, refused


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("tags", "demo", "tags is 'demo': give a list of words of 64 letters at most"),
        ("tags", ["a" * 65], "tags is ...: give a list of words of 64 letters at most"),
        ("notes", "", "notes is '': give a sentence"),
        ("train", "no", "train is 'no': give true or false"),
        ("test", 0, "test is 0: give true or false"),
        ("print_config", None, "print_config is null: give true or false"),
    ],
)
def test_switches_and_labels_have_types(option: str, value: Any, message: str) -> None:
    _, cfg = composed("train")
    OmegaConf.update(cfg, option, value, merge=False)
    assert (refused(cfg, "train") or "").startswith(message)


def test_all_that_is_wrong_is_named_at_once() -> None:
    _, cfg = composed("train")
    wrong = {
        "seed": "abc",
        "optimizer.lr": "abc",
        "representation.clip_length": 2.5,
        "model.shape": "circle",
        "faces.num_segments": 2.5,
        "faces.margin": -1,
        "device": "foo",
        "trainer.max_epochs": "abc",
        "loader.batch_size": 0,
    }
    for option, value in wrong.items():
        OmegaConf.update(cfg, option, value)
    message = refused(cfg, "train")
    assert message is not None
    lines = message.split("; ")
    assert sorted(line.split(" is ")[0] for line in lines) == sorted(wrong)
    assert "model.shape is 'circle': choose one of square, box" in lines
    assert "faces.margin is -1: give a number above 0, 1000 at most" in lines


def test_a_value_is_named_where_it_was_given_and_not_where_it_is_taken() -> None:
    _, cfg = composed("train")
    cfg.model.size = 0  # the backbone takes it as well
    assert refused(cfg, "train") == "model.size is 0: give a whole number from 1 to 10000"
    _, cfg = composed("extract ffpp")
    cfg.data.compression = "c24"
    assert refused(cfg, "extract") == "data.compression is 'c24': choose one of c23, c40, raw"


def test_what_hydra_delivers_otherwise_is_taken() -> None:
    _, cfg = composed("train effnet")
    cfg.optimizer.lr = 1  # a whole number is a number
    cfg.trainer.devices = [0, 1]
    cfg.sampling.eval_clips_per_track = None
    OmegaConf.update(cfg, "optimizer.betas", [0.5, 0.9], force_add=True)
    assert refused(cfg, "train") is None


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("optimizer.lrr", 1, "Adam has no option optimizer.lrr; did you mean optimizer.lr"),
        ("faces.finder.maxsize", 1, "Mtcnn has no option faces.finder.maxsize; did you mean faces.finder.max_size?"),
        ("sed", 1, "this command has no option sed; did you mean seed"),
        ("data.protocl", "a", "data has no option data.protocl; its options are data.corpus"),
        ("trainer.callbacks", [], "Trainer has no option trainer.callbacks;"),
        ("model.head", None, "model.head is null: choose one of this group's files"),
        ("model.temporal._partial_", False, "model.temporal._partial_ is false: give true"),
        ("augment._target_", "os.system", "augment._target_ is 'os.system': it must be of type Augmentation"),
        ("augment._target_", "nothing.at.all", "augment._target_ is 'nothing.at.all': it cannot be imported"),
        ("logger", None, "logger is null: choose one of this group's files"),
        ("seed", "${nothing}", "seed: Interpolation key 'nothing' not found"),
    ],
)
def test_what_does_not_belong_there_is_named(option: str, value: Any, message: str) -> None:
    _, cfg = composed("train")
    OmegaConf.set_struct(cfg, False)
    OmegaConf.update(cfg, option, value, merge=False, force_add=True)
    assert (refused(cfg, "train") or "").startswith(message)


def test_what_is_left_out_is_named() -> None:
    _, cfg = composed("train")
    OmegaConf.set_struct(cfg, False)
    del cfg["seed"], cfg.model["margin"]
    assert refused(cfg, "train") == ("model.margin is missing: Detector needs it; seed is missing: set it")


def test_what_a_constructor_of_others_refuses_is_one_line() -> None:
    _, cfg = composed("train")
    both = {"every_n_epochs": 1, "every_n_train_steps": 1}
    checkpoints = {"_target_": "pytorch_lightning.callbacks.ModelCheckpoint", **both}
    OmegaConf.update(cfg, "callbacks.every_epoch", checkpoints, merge=False)
    assert refused(cfg, "train") is None
    with pytest.raises(Exception, match="ModelCheckpoint") as error:
        instantiate(cfg.callbacks.every_epoch)
    mistake = mistake_of(error.value)
    assert mistake is not None and mistake.startswith("callbacks.every_epoch is refused by ModelCheckpoint: ")
    assert not isinstance(error.value, DeepfakeError)
