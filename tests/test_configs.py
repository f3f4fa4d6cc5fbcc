"""Every option of every group composes and names existing code, and every model takes a training step."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from deepfake.checkpoints.initial_model import build_model
from deepfake.checkpoints.scoring_rule import chosen_rule
from deepfake.command.entry import _mistake
from deepfake.command.stages.networks import MODEL as OPTIONS_OF_MODEL
from deepfake.config.check import Built, faults
from deepfake.config.plain import plain
from deepfake.errors import ConfigError
from deepfake.faces.recipe import Recipe
from deepfake.hydra_callbacks import own_folder  # noqa: F401  # gives the configs ${token:}
from deepfake.models.detector import Detector
from deepfake.scoring import ScoringRule
from deepfake.task import DetectorTask
from tests.models.small import small

CONF = Path(__file__).parents[1] / "conf"
PRIMARIES = sorted(path.stem for path in CONF.glob("*.yaml"))
OPTIONS = [
    (path.parent.relative_to(CONF).as_posix(), path.stem)
    for path in sorted(CONF.glob("*/**/*.yaml"))
    # Part of every option of `faces`; of every primary; see tests/hydra_callbacks/test_prepare_launcher.py;
    # tests/test_experiments.py; and tests/test_search.py.
    if path.parent.name not in ("recipe", "hydra", "launcher")
    and not {"experiment", "sweep"} & {*path.parts}
    and path != CONF / "search" / "optuna.yaml"
]


def composed(*overrides: str, primary: str = "train", hydra: bool = False) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(primary, overrides=list(overrides), return_hydra_config=hydra)


def targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "_target_":
                yield value
            else:
                yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)


def primary_of(group: str) -> str:
    """Return the first stage that has the group."""
    for primary in ("train", *PRIMARIES):
        defaults = OmegaConf.load(CONF / f"{primary}.yaml").defaults
        if any(group in entry for entry in defaults if not isinstance(entry, str)):
            return primary
    raise AssertionError(f"no stage uses the group {group}")


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=lambda value: str(value))
def test_every_option_composes_and_its_targets_exist(group: str, option: str) -> None:
    key = f"{group}@{group.replace('/', '.')}" if "/" in group else group
    primary = "train" if "/" in group else primary_of(group)
    try:
        cfg = composed(f"{group}={option}", primary=primary)
    except Exception:
        cfg = composed(f"{key}={option}", primary=primary)
    for target in targets(OmegaConf.to_container(cfg)):
        assert callable(get_object(target)), target


@pytest.mark.parametrize("primary", PRIMARIES)
def test_a_stages_header_shows_its_command(primary: str) -> None:
    assert f"python scripts/{primary}.py" in "".join((CONF / f"{primary}.yaml").read_text().splitlines()[:2])
    assert (CONF.parent / "scripts" / f"{primary}.py").exists()


@pytest.mark.parametrize("path", sorted(CONF.glob("**/*.yaml")), ids=lambda path: path.stem)
def test_yaml_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= (44 if path.parent == CONF else 36)


MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


PARTS = [
    (part, path.stem)
    for part in ("backbone", "temporal", "head")
    for path in sorted((CONF / "model" / part).glob("*.yaml"))
]


def of_a_model(model: str) -> DictConfig:
    cfg = composed(f"model={model}")
    small(cfg.model)
    return cfg


def of_a_part(part: str, option: str) -> DictConfig:
    window = ("representation=window", "representation.clip_length=2")
    cfg = composed("model=meso4", f"model/{part}={option}", *window, "model.size=64")
    small(cfg.model)
    return cfg


def built(cfg: DictConfig) -> Detector:
    """Build the model of a config as a run does: first a wrong option is refused, in words."""
    if found := faults(plain(cfg.model), OPTIONS_OF_MODEL, "model"):
        pytest.fail("; ".join(found))
    torch.manual_seed(0)
    return build_model(cfg.model)


def test_another_network_of_timm_is_built_and_not_downloaded() -> None:
    cfg = composed("model=effnet", "model.backbone.name=test_resnet.r160_in1k")
    backbone: Any = build_model(small(cfg.model)).backbone
    assert backbone.name == "test_resnet.r160_in1k"


@pytest.mark.parametrize("model", MODELS)
def test_every_model_takes_a_training_step(model: str) -> None:
    take_a_step(of_a_model(model))


@pytest.mark.parametrize(("part", "option"), PARTS)
def test_every_part_of_a_model_takes_a_training_step(part: str, option: str) -> None:
    take_a_step(of_a_part(part, option))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_scores_a_clip_alone_as_in_a_batch(model: str) -> None:
    score_one_by_one(of_a_model(model))


@pytest.mark.parametrize(("part", "option"), PARTS)
def test_every_part_of_a_model_scores_a_clip_alone_as_in_a_batch(part: str, option: str) -> None:
    score_one_by_one(of_a_part(part, option))


@pytest.mark.parametrize("loss", sorted(path.stem for path in (CONF / "loss").glob("*.yaml")))
def test_every_loss_takes_a_training_step(loss: str) -> None:
    cfg = composed("model=meso4", f"loss={loss}", "model.size=64")
    if found := faults(plain(cfg.loss), Built(nn.Module), "loss"):
        pytest.fail("; ".join(found))
    take_a_step(cfg)


def score_one_by_one(cfg: DictConfig) -> None:
    """Logits of two clips together are those of each alone; in doubles, whose rounding hides little."""
    detector = built(cfg).double().eval()
    spec = detector.spec
    clips = torch.rand(2, spec.clip_length, 3, spec.size, spec.size, dtype=torch.float64)
    with torch.no_grad():
        together, alone = detector(clips), torch.cat([detector(clip) for clip in clips.split(1)])
    why = "a clip's score depends on the other clips of its batch"
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9, msg=lambda told: f"{why}: {told}")


def take_a_step(cfg: DictConfig) -> None:
    """Take a step of the optimizer on random clips, and check that it reaches every part."""
    detector = built(cfg)
    spec = detector.spec
    clips = torch.rand(2, spec.clip_length, 3, spec.size, spec.size)
    step(cfg, detector, {"clip": clips, "label": torch.tensor([0.0, 1.0])})


def step(cfg: DictConfig, detector: Detector, batch: Any) -> None:
    """Take a step of the optimizer on a batch, and check that it reaches every part of what trains."""
    task = DetectorTask(detector, instantiate(cfg.loss), instantiate(cfg.optimizer), instantiate(cfg.scheduler), 0, {})
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    optimizer = task.configure_optimizers()["optimizer"]  # type: ignore[index,call-overload]
    trained = {name: parameter for name, parameter in detector.named_parameters() if parameter.requires_grad}
    before = {name: parameter.detach().clone() for name, parameter in trained.items()}
    task.training_step(batch, 0).backward()
    optimizer.step()
    # Some layers begin with zeros behind them and move later, as in timm's residual networks; no part stands still.
    assert all(parameter.grad is not None for parameter in trained.values())
    moved = {name for name, parameter in trained.items() if not torch.equal(before[name], parameter)}
    assert {name.partition(".")[0] for name in moved} == {name.partition(".")[0] for name in before}


@pytest.mark.parametrize("model", ["meso4_lstm", "effnet_lstm"])
def test_an_lstm_chooses_windows_and_clips_its_gradients(model: str) -> None:
    cfg = composed(f"model={model}")
    assert cfg.model.clip_length == cfg.representation.clip_length == 8
    assert cfg.trainer.gradient_clip_val == 1.0
    assert composed(f"model={model}", "representation.clip_length=4").model.clip_length == 4


@pytest.mark.parametrize("model", ["meso4_lstm", "effnet_lstm"])
def test_an_lstm_on_single_frames_is_refused_with_a_reason(model: str) -> None:
    cfg = composed(f"model={model}", "representation=frame")
    with pytest.raises(Exception, match="needs clips of 2 frames or more") as error:
        build_model(small(cfg.model))
    assert isinstance(_mistake(error.value), ConfigError)
    assert "representation=window, or model/temporal=mean" in str(_mistake(error.value))


def test_an_lstms_ablation_is_one_override_away() -> None:
    cfg = composed("model=meso4_lstm", "model/temporal=mean")
    assert cfg.model.temporal._target_ == "deepfake.models.temporal.mean.Mean"
    assert cfg.model.clip_length == 8


def test_single_frames_are_the_default() -> None:
    assert composed("model=meso4").model.clip_length == 1


@pytest.mark.parametrize("primary", ["train", "extract", "import_weights"])
def test_the_finder_that_needs_no_network_is_the_default_whatever_the_corpus(primary: str) -> None:
    corpora = [[]] if primary == "import_weights" else [["data=demo"], ["data=celebdf"]]
    for data in corpora:
        assert composed(*data, primary=primary).faces.finder._target_.endswith("Mtcnn")
        asked = composed(*data, "faces=retinaface", primary=primary)
        assert asked.faces.finder._target_.endswith("RetinaFace")


def test_a_corpus_decides_nothing_but_itself() -> None:
    for path in (CONF / "data").glob("*.yaml"):
        assert "defaults" not in OmegaConf.load(path), path


@pytest.mark.parametrize("data", sorted(path.stem for path in (CONF / "data").glob("*.yaml")))
def test_every_corpus_trains_on_main_faces_unless_told_otherwise(data: str) -> None:
    assert chosen_rule(composed(f"data={data}")) == ScoringRule()
    asked = chosen_rule(composed(f"data={data}", "data.tracks=all", "data.main_face=changed"))
    assert (asked.tracks, asked.main_face) == ("all", "changed")


def test_a_main_face_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="data.main_face is 'oldest': choose one of largest, changed"):
        chosen_rule(composed("data=demo", "data.main_face=oldest"))


def test_an_evaluation_takes_the_checkpoints_faces_unless_they_are_named() -> None:
    assert composed("data=demo", primary="evaluate").faces == composed(primary="predict").faces
    assert composed("data=demo", "faces=mtcnn", primary="evaluate").faces.num_segments == 4


def test_a_checkpoints_recipe_has_every_option_of_every_finder_and_no_value() -> None:
    of_all: dict[str, None] = {"weights": None}
    for option in ("mtcnn", "retinaface", "retinaface_mobilenet"):
        faces = composed(f"faces={option}").faces
        of_all |= dict.fromkeys(set(faces.finder) - {"_target_"})
    recipe = dict.fromkeys(field.name for field in fields(Recipe))
    assert OmegaConf.to_container(composed(primary="predict").faces) == {**recipe, "finder": of_all}


def test_a_runs_folder_is_named_for_data_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = composed("model=meso4_lstm", hydra=True)
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # afterwards it is unknown again
    HydraConfig.instance().set_config(cfg)
    assert cfg.hydra.run.dir.startswith("outputs/train/demo/meso4_lstm/")
    assert cfg.hydra.sweep.dir.startswith("outputs/sweep/")
