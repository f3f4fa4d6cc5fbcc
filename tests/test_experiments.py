"""Presets: each says where it comes from, composes with its own command, passes the check of options and trains."""

import re
import shlex
import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from hydra.utils import instantiate

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


def test_the_command_line_wins() -> None:
    assert composed("experiment=deepfakebench/xception", "model=meso4").model.backbone._target_.endswith("Meso4")
    assert composed("experiment=demo/sbi", "optimizer.lr=1").optimizer.lr == 1
