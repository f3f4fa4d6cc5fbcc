"""Every option of every composed config with every kind of wrong value.

Either the check refuses the value in one line, or the class that takes the option accepts it.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf

from deepfake.command.entry import mistake_of
from deepfake.command.stages import check_stage
from deepfake.errors import ConfigError
from deepfake.options import parameters

CONF = Path(__file__).parents[2] / "conf"
STAGES = sorted(path.stem for path in CONF.glob("*.yaml"))
NEEDED = {
    "evaluate": ["checkpoint=a.ckpt"],
    "calibrate": ["checkpoint=a.ckpt"],
    "predict": ["checkpoint=a.ckpt", "input=clips"],
    "import_weights": ["format=v1", "weights=a.pth", "output=b.ckpt"],
    "export": ["checkpoint=a.ckpt", "format=onnx"],
    "benchmark": ["benchmark=finders"],
    "report": ["runs=[a]"],
    "serve": ["checkpoint=a.ckpt"],
}
SMALL = ["model.backbone.name=test_efficientnet", "model.backbone.pretrained=false"]
# Compositions that ship: each stage's default, and those in which other constructors take the options.
COMPOSED = {stage: (stage, []) for stage in STAGES} | {
    "train lstm": ("train", ["model=meso4_lstm", "faces=retinaface", "augment=none", "optimizer=adamw"]),
    "train effnet": ("train", ["model=effnet", "trainer=ddp", "scheduler=step", *SMALL]),
    "train v1": ("train", ["model=meso4_v1", "scheduler=constant", "trainer=gpu"]),
    "train profile": ("train", ["debug=profile"]),
    "train overfit": ("train", ["debug=overfit"]),
    "train celebdf": ("train", ["data=celebdf", "data.root=a", "faces=retinaface_mobilenet"]),
    "extract ffpp": ("extract", ["data=ffpp", "data.root=a"]),
    "extract dfo": ("extract", ["data=dfo", "data.root=a", "data.ffpp_root=b"]),
    "inventory dfdc": ("inventory", ["data=dfdc", "data.root=a"]),
    "inventory folder": ("inventory", ["data=folder", "data.root=a"]),
    "evaluate mtcnn": ("evaluate", ["faces=mtcnn", "data=celebdf_v1", "data.root=a"]),
}
WRONG: dict[str, Any] = {
    "word": "abc",
    "empty": "",
    "path": "x/../..",
    "fraction": 2.5,
    "zero": 0,
    "negative": -1,
    "null": None,
    "true": True,
    "huge": 10**30,
    "infinite": math.inf,
    "no number": math.nan,
    "list": [1, "a"],
    "empty list": [],
    "mapping": {"a": 1},
}
SEEN: set[tuple[str, str, str]] = set()  # stage, option and constructor that were tried
# Type of an option's value -> kinds of `WRONG` values that such an option may accept.
ALIKE = {str: {"word", "empty", "path"}, int: {"zero", "negative", "fraction"}, float: {"fraction", "zero", "negative"}}


def composed(name: str) -> tuple[str, DictConfig]:
    stage, options = COMPOSED[name]
    fixed = ["paths.output_dir=out", *(["logger=csv"] if stage == "train" else []), *NEEDED.get(stage, [])]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return stage, compose(stage, overrides=[*fixed, *options])


def leaves(node: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all options except those that only repeat another's value."""
    for key, value in node.items():
        inside = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict):
            yield from leaves(value, inside)
        elif not str(value).startswith("${"):
            yield inside


def taker(cfg: DictConfig, option: str) -> str:
    """Return the constructor that takes an option, or the group that it is in."""
    group = option.rpartition(".")[0]
    return str(OmegaConf.select(cfg, f"{group}._target_" if group else "_target_"))


def refused(cfg: DictConfig, stage: str) -> str | None:
    """Return the check's message; any other error fails the test."""
    try:
        check_stage(cfg, stage)
    except ConfigError as error:
        return str(error)
    return None


def plain(cfg: DictConfig) -> Any:
    return OmegaConf.to_container(cfg, resolve=False)


@pytest.mark.parametrize("name", COMPOSED)
def test_what_ships_is_refused_nowhere(name: str) -> None:
    stage, cfg = composed(name)
    assert refused(cfg, stage) is None


@pytest.mark.parametrize("name", COMPOSED)
def test_every_option_with_every_wrong_value(name: str) -> None:
    stage, cfg = composed(name)
    names = [option for option in leaves(plain(cfg)) if (stage, option, taker(cfg, option)) not in SEEN]
    SEEN.update((stage, option, taker(cfg, option)) for option in names)
    if stage == "inventory":  # it says why itself
        names = [option for option in names if not option.startswith("faces.")]
    accepted: dict[str, set[str]] = {}
    for option in names:
        before = OmegaConf.select(cfg, option)
        for kind, value in WRONG.items():
            OmegaConf.update(cfg, option, value, merge=False)
            message = refused(cfg, stage)
            if message is None:
                accepted.setdefault(option, set()).add(kind)
                build_what_can_be(cfg, option)
            else:
                assert "\n" not in message
                assert option.removesuffix("._partial_") in message, (option, value, message)
        OmegaConf.update(cfg, option, before, merge=False)
    assert refused(cfg, stage) is None
    for option, kinds in accepted.items():
        before = OmegaConf.select(cfg, option)
        # "true" for a word, a number for a word and a word for a number are never taken.
        assert not kinds & {"infinite", "no number", "mapping", "huge"}, option
        if type(before) in ALIKE:
            assert kinds <= {*ALIKE[type(before)], *may_be(option)}, (option, kinds)


NULLABLE = {
    "max_epochs", "gradient_clip_val", "num_sanity_val_steps", "log_every_n_steps", "precision", "monitor", "filename",
    "eval_clips_per_track", "name", "dirpath", "version", "shard_index", "ffpp_root", "splits_dir", "frames_per_batch",
    "enable_progress_bar", "enable_model_summary", "save_last", "checkpoint", "audit", "num_workers",
    "calibration",
}  # fmt: skip


def may_be(option: str) -> set[str]:
    """Return which other kinds of values an option may accept."""
    null = {"null"} if option.rpartition(".")[2] in NULLABLE or option.startswith(("faces.", "paths.")) else set()
    of_both = {"zero", "negative"} if option.endswith(("csv.version", "devices")) else set()
    score = {"zero"} if option == "missing" else set()  # a word, or the score of a video without one
    return null | of_both | score


def build_what_can_be(cfg: DictConfig, option: str) -> None:
    """Call the constructor that takes an option, unless it reads files or starts a process."""
    group = option.split(".")[0]
    if group in ("augment", "loss", "callbacks", "logger", "trainer", "optimizer", "scheduler"):
        place = ".".join(option.split(".")[:2]) if group in ("callbacks", "logger") else group
        node = OmegaConf.select(cfg, place)
        build(node, callbacks=[], logger=False) if group == "trainer" else build_partial(node, group)
    timm = cfg.model.backbone._target_.endswith("Timm") if group == "model" else False  # slow
    if group == "model" and not option.endswith("weights") and (not timm or option == "model.backbone.name"):
        with torch.device("meta"):
            build(OmegaConf.create({key: value for key, value in cfg.model.items() if key != "weights"}))


def build_partial(node: Any, group: str) -> None:
    made = build(node)
    weights = [torch.nn.Parameter(torch.zeros(1))]
    if group == "optimizer" and made is not None:
        made(weights)
    if group == "scheduler" and made is not None:
        made(torch.optim.SGD(weights, lr=0.1))


def build(node: Any, **given: Any) -> Any:
    """Build a node; a failure must be reported in one line too."""
    try:
        return instantiate(node, **given)
    except Exception as error:
        mistake = mistake_of(error)
        if mistake is None or "\n" in mistake:
            raise
        return None


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


@pytest.mark.parametrize("path", sorted(CONF.glob("*/**/*.yaml")), ids=lambda path: str(path.relative_to(CONF)))
def test_every_option_of_a_constructor_has_a_type(path: Path) -> None:
    if "hydra" in path.parts:
        pytest.skip("Hydra's own, which it reads before there is a run")
    for node in nodes(OmegaConf.to_container(OmegaConf.load(path))):
        known = parameters(get_object(node["_target_"]))
        for option in node.keys() - {"_target_", "_partial_", "defaults"}:
            if option in known:  # the run itself takes model.weights
                assert known[option].type is not Any, f"{node['_target_']}: {option}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_script_has_its_options_looked_at(stage: str) -> None:
    cfg = OmegaConf.create({"nothing": 1})
    with pytest.raises(ConfigError, match="this command has no option nothing;"):
        check_stage(cfg, stage)
