"""Presets: each says where it comes from, composes with its own command, passes the check of options and trains."""

import re
import shlex
import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from deepfake.command.stages.train import OPTIONS
from deepfake.config.check import check_options
from deepfake.data.datamodule import ClipDataModule
from deepfake.optim.rates import Rates
from deepfake.run.train import corpus_with_faces
from deepfake.task import DetectorTask
from tests.conftest import SMALL_DEMO
from tests.models.small import small
from tests.test_configs import CONF, built, composed

EXPERIMENTS = sorted(
    path.relative_to(CONF / "experiment").with_suffix("") for path in CONF.glob("experiment/**/*.yaml")
)


def header(name: Path) -> dict[str, str]:
    """What a preset's comments say: fact -> text."""
    lines = (CONF / "experiment" / f"{name}.yaml").read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    text = "\n".join(comment.removeprefix("#").removeprefix("  ") for comment in comments[2:])
    return {
        fact: " ".join(words.split())
        for fact, words in re.findall(
            r"^ ?(source|command|cost|result): (.*?)(?=\n ?\w+: |\Z)", text, re.DOTALL | re.MULTILINE
        )
    }


@pytest.mark.parametrize("name", EXPERIMENTS, ids=str)
def test_its_header_says_where_it_comes_from_and_what_to_expect(name: Path) -> None:
    assert [*header(name)] == ["source", "command", "cost", "result"]
    assert f"experiment={name}" in header(name)["command"]


@pytest.mark.parametrize("name", EXPERIMENTS, ids=str)
def test_its_command_composes_and_its_options_are_valid(name: Path) -> None:
    words = shlex.split(header(name)["command"])
    assert words[:2] == ["python", "scripts/train.py"]
    asked = [word.split(",")[0] for word in words[2:] if word != "-m"]  # the first job of a sweep
    cfg = composed(*asked, "logger=csv", "paths.output_dir=run")
    check_options(cfg, OPTIONS)


@pytest.mark.parametrize("name", EXPERIMENTS, ids=str)
def test_it_takes_a_step_on_the_demo_with_a_small_network(name: Path, one_epoch: Path, data_dir: Path) -> None:
    faces = ["data=demo", *SMALL_DEMO, "faces=mtcnn", "faces.num_segments=2"]  # those of `one_epoch`, which are stored
    places = [f"paths.data_dir={data_dir}", f"paths.faces_dir={data_dir / 'faces'}", "paths.output_dir=run"]
    loading = [
        "loader.batch_size=4",
        "loader.num_workers=0",
        "loader.cache=null",
        "extract.num_workers=1",
        "model.margin=1.3",
    ]
    cfg = composed(f"experiment={name}", *faces, *places, *loading)
    small(cfg.model)
    cfg.model.head.dropout = 0.0
    augment = instantiate(cfg.augment)
    listing, _, store = corpus_with_faces(cfg, augment.makes_fakes)
    detector = built(cfg)
    data = ClipDataModule(listing.videos, store, detector.spec, augment, 0, **cfg.loader, **cfg.sampling)
    loss, optimizer, scheduler = (instantiate(cfg[option]) for option in ("loss", "optimizer", "scheduler"))
    task = DetectorTask(detector, loss, optimizer, scheduler, 0, {}, Rates(**cfg.rates))
    trained = {key: value for key, value in detector.named_parameters() if value.requires_grad}
    before = {key: value.detach().clone() for key, value in trained.items()}
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*in eval mode at the start.*")  # what is frozen
        pl.Trainer(accelerator="cpu", max_epochs=1, limit_train_batches=1, limit_val_batches=0, **off).fit(task, data)
    moved = {key for key, value in trained.items() if not torch.equal(before[key], value)}
    assert {key.partition(".")[0] for key in moved} == {key.partition(".")[0] for key in before}


def test_what_deepfakebench_fixes() -> None:
    cfg = composed("experiment=deepfakebench/xception")
    assert (cfg.model.size, cfg.sampling.clips_per_video, cfg.loader.batch_size) == (256, 32, 32)
    assert (cfg.optimizer.lr, cfg.optimizer.weight_decay, cfg.trainer.max_epochs) == (2e-4, 5e-4, 10)
    assert cfg.optimizer._target_ == "torch.optim.Adam" and cfg.data.name == "ffpp"
    assert (cfg.augment.flip, cfg.augment.angle, cfg.augment.colour, cfg.augment.min_quality) == (0.5, 10, 0.1, 40)
    assert (cfg.augment.shift, cfg.augment.scale, cfg.augment.blur) == (0, 0, 0.5)  # a rotation and nothing else
    assert cfg.loss._target_ == "torch.nn.BCEWithLogitsLoss" and cfg.scheduler._target_.endswith("ConstantLR")
    assert cfg.model.backbone.name.startswith("legacy_xception")


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("meso4", ".608 on FF++ c23, .609 on Celeb-DF v2"),
        ("xception", ".964 on FF++ c23, .737 on Celeb-DF v2"),
        ("effnet", ".957 on FF++ c23, .749 on Celeb-DF v2"),
    ],
)
def test_what_deepfakebench_has_published(name: str, published: str) -> None:
    assert header(Path("deepfakebench") / name)["result"] == f"published frame AUC {published}"


def test_what_self_blending_fixes() -> None:
    cfg = composed("experiment=sbi/effnet")
    assert (cfg.model.backbone.name, cfg.model.size, cfg.data.name) == ("tf_efficientnet_b4.ap_in1k", 380, "ffpp")
    assert (cfg.sampling.clips_per_video, cfg.loader.batch_size, cfg.trainer.max_epochs) == (8, 32, 100)
    assert cfg.optimizer._target_.endswith("Sam") and cfg.scheduler._target_.endswith("hold_linear")
    assert (cfg.optimizer.lr, cfg.optimizer.momentum, cfg.optimizer.rho, cfg.optimizer.weight_decay) == (
        1e-3,
        0.9,
        0.05,
        0,
    )
    assert (cfg.scheduler.hold, cfg.scheduler.epochs) == (0.75, 100)
    assert cfg.augment._target_.endswith("SbiAugmentation")
    assert cfg.model.margin == cfg.faces.margin == 1.4  # .2 at each side, of which `crop` leaves .05 to .2
    assert cfg.model.margin * cfg.augment.crop == pytest.approx(0.2 - 0.05, abs=1e-3)


@pytest.mark.parametrize(
    ("network", "name", "uniformity", "alignment"),
    [
        ("clip", "vit_large_patch14_clip_quickgelu_224.openai", 0.5, 0.1),
        ("dinov3", "vit_large_patch16_dinov3.lvd1689m", 0.5, 0.5),
        ("pe", "vit_pe_core_large_patch14_336.fb", 0.0, 0.0),
    ],
)
def test_what_gend_fixes(network: str, name: str, uniformity: float, alignment: float) -> None:
    cfg = composed(f"experiment=gend/{network}")
    assert (cfg.model.backbone.name, cfg.model.size) == (name, 224)
    assert cfg.model.tune._target_.endswith("Norm") and cfg.model.head.normalise and cfg.model.head.dropout == 0
    assert (cfg.loss.uniformity, cfg.loss.alignment) == (uniformity, alignment)
    assert cfg.optimizer._target_.endswith("AdamW") and (cfg.optimizer.lr, cfg.optimizer.weight_decay) == (3e-4, 0)
    assert (cfg.scheduler.period, cfg.scheduler.end, cfg.scheduler.by) == (10, 1e-6, "step")
    assert (cfg.trainer.max_epochs, cfg.trainer.precision, cfg.loader.batch_size) == (30, "bf16-mixed", 512)
    assert (cfg.sampling.clips_per_video, cfg.sampling.balance) == (32, "natural")
    assert cfg.augment._target_.endswith("GendAugmentation")


def test_what_effort_fixes() -> None:
    cfg = composed("experiment=effort")
    assert cfg.model.backbone.name.startswith("vit_large_patch14_clip") and cfg.model.tune._target_.endswith("Effort")
    assert (cfg.optimizer.lr, cfg.optimizer.weight_decay, cfg.trainer.max_epochs) == (2e-4, 5e-4, 10)
    assert cfg.optimizer._target_ == "torch.optim.Adam"
    assert (cfg.loader.batch_size, cfg.sampling.clips_per_video) == (32, 8)


def test_what_the_winner_of_the_dfdc_fixes() -> None:
    cfg = composed("experiment=dfdc_winner")
    assert (cfg.model.backbone.name, cfg.model.size) == ("tf_efficientnet_b7.ns_jft_in1k", 380)
    assert cfg.model.margin == pytest.approx(1 + 2 / 3, abs=1e-3)  # a third at each side
    assert cfg.optimizer._target_ == "torch.optim.SGD" and cfg.optimizer.nesterov
    assert (cfg.optimizer.lr, cfg.optimizer.weight_decay, cfg.scheduler.by) == (0.01, 1e-4, "step")
    assert cfg.scheduler._target_.endswith("polynomial") and cfg.loss._target_.endswith("ClassMean")
    assert cfg.augment._target_.endswith("DfdcAugmentation")


def test_what_tall_fixes() -> None:
    cfg = composed("experiment=tall")
    assert cfg.model.backbone.name.startswith("swin_base") and cfg.optimizer.lr == 2e-5
    assert (cfg.model.layout, cfg.model.clip_length, cfg.model.size) == ("thumbnail", 4, 224)


def test_the_table_of_the_demo_is_one_sweep_over_presets_that_exist() -> None:
    params = OmegaConf.load(CONF / "search" / "recipes.yaml").hydra.sweeper.params
    rows = params.experiment.split(",")
    assert len(rows) == len({*rows}) == 16 and {*map(Path, rows)} <= {*EXPERIMENTS}
    assert params.seed == "0,1,2"
    networks = [composed(f"experiment={row}").model for row in rows[:12]]
    kinds = {(each.backbone._target_, each.temporal._target_, each.layout) for each in networks}
    assert len(kinds) == 12  # three networks, four ways to see a window


@pytest.mark.parametrize("name", EXPERIMENTS, ids=str)
def test_its_faces_are_stored_with_what_the_network_sees(name: Path) -> None:
    cfg = composed(f"experiment={name}")
    assert cfg.model.margin <= cfg.faces.margin


def test_the_command_line_wins() -> None:
    assert composed("experiment=deepfakebench/xception", "model=meso4").model.backbone._target_.endswith("Meso4")
    assert composed("experiment=demo/sbi", "optimizer.lr=1").optimizer.lr == 1
