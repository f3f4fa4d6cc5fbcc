"""A run that goes on is what the uninterrupted one is, and no other."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from tests.conftest import TINY, Run


def losses(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "csv" / "metrics.csv")
    return table[["epoch", "train/loss_step"]].dropna().reset_index(drop=True)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_resumed_run_follows_the_uninterrupted_one(num_workers: int, script: Run, tmp_path: Path) -> None:
    options = [*TINY, "trainer.max_epochs=3", f"loader.num_workers={num_workers}"]
    assert script("train", *options, "hydra.run.dir=whole") == 0
    resume = tmp_path / "whole" / "checkpoints" / "epoch_001.ckpt"
    assert script("train", *options, "hydra.run.dir=resumed", f"resume='{resume}'") == 0
    whole, resumed = losses(tmp_path / "whole"), losses(tmp_path / "resumed")
    assert resumed["epoch"].unique().tolist() == [1, 2, 3]  # the curves go on, in a folder of its own as well
    curves = [pd.read_csv(tmp_path / name / "csv" / "metrics.csv") for name in ("whole", "resumed")]
    pd.testing.assert_frame_equal(curves[0], curves[1], check_like=True, rtol=0, atol=0)
    assert whole.equals(resumed)
    last = [
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("whole", "resumed")
    ]
    assert last[0]["global_step"] == last[1]["global_step"]
    for key, value in last[0]["state_dict"].items():
        assert torch.equal(value, last[1]["state_dict"][key]), key


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["optimizer=sam", "optimizer.lr=0.01", "trainer.accumulate_grad_batches=2", "scheduler=hold_linear"],
        ["callbacks=ema", "callbacks.ema.decay=0.9", "scheduler=warmup_cosine", "rates.frozen_epochs=1"],
    ],
    ids=["sam", "ema"],
)
def test_a_resumed_run_follows_the_uninterrupted_one_with(options: list[str], script: Run, tmp_path: Path) -> None:
    options = [*TINY, *options, "test=false"]
    assert script("train", *options, "hydra.run.dir=whole") == 0
    resume = tmp_path / "whole" / "checkpoints" / "epoch_001.ckpt"
    assert script("train", *options, "hydra.run.dir=resumed", f"resume='{resume}'") == 0
    assert losses(tmp_path / "whole").equals(losses(tmp_path / "resumed"))
    last = [
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("whole", "resumed")
    ]
    for kind in ("state_dict", "current_model_state"):
        for key, value in last[0].get(kind, {}).items():
            assert torch.equal(value, last[1][kind][key]), key
    assert ("current_model_state" in last[0]) == ("callbacks=ema" in options)


@pytest.mark.slow
def test_a_resumed_run_of_self_blended_images_follows_the_uninterrupted_one(script: Run, tmp_path: Path) -> None:
    options = [*TINY, "augment=sbi", "loader.num_workers=2", "test=false"]
    assert script("train", *options, "hydra.run.dir=whole") == 0
    resume = tmp_path / "whole" / "checkpoints" / "epoch_001.ckpt"
    assert script("train", *options, "hydra.run.dir=resumed", f"resume='{resume}'") == 0
    whole, resumed = (tmp_path / name for name in ("whole", "resumed"))
    assert losses(whole).equals(losses(resumed))
    assert (whole / "sbi.png").read_bytes() == (resumed / "sbi.png").read_bytes()
    last = [torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (whole, resumed)]
    assert last[0]["deepfake"]["distortions"] == ["blend", "brightness", "hue_saturation", "jpeg"]
    for key, value in last[0]["state_dict"].items():
        assert torch.equal(value, last[1]["state_dict"][key]), key


def test_a_resumed_run_remembers_the_best_epoch_so_far(script: Run, tmp_path: Path) -> None:
    options = [*TINY, "scheduler=constant"]  # a schedule of another length would be another run
    assert script("train", *options, "hydra.run.dir=first") == 0
    first = tmp_path / "first" / "checkpoints"
    # As if the first run had been better than anything that comes.
    for path in first.glob("*.ckpt"):
        content = torch.load(path, weights_only=True)
        for state in content["callbacks"].values():
            if state.get("best_rank"):
                state["best_rank"] = [2.0, 0.0]
        torch.save(content, path)
    resume = first / "last.ckpt"
    assert script("train", *options, "trainer.max_epochs=3", "hydra.run.dir=second", f"resume='{resume}'") == 0
    kept = (tmp_path / "second" / "checkpoints" / "best.ckpt").read_bytes()
    assert kept == (first / "best.ckpt").read_bytes()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("seed=5", "seed was 0 and is now 5"),
        ("trainer.max_epochs=3", "scheduler.T_max was 2 and is now 3"),
        ("model.margin=1.1", "model.margin was 1.3 and is now 1.1"),
        ("deterministic=true", "deterministic was False and is now True"),
        ("optimizer.lr=0.5", "optimizer.lr was 0.001 and is now 0.5"),
        ("loader.batch_size=9", "loader.batch_size was 8 and is now 9"),
        ("augment=none", "augment.flip was 0.5 and is now absent"),
        ("data.tracks=all", "data.tracks was main and is now all"),
        ("faces.num_segments=3", "faces.num_segments was 2 and is now 3"),
        ("callbacks.best.monitor=val/clip/auc", "callbacks.best.monitor was val/video/auc and is now val/clip/auc"),
        ("trainer.accumulate_grad_batches=2", "trainer.accumulate_grad_batches was 1 and is now 2"),
        ("+optimizer={amsgrad:true}", "optimizer.amsgrad was absent and is now True"),
        ("+trainer={min_epochs:1}", "trainer.min_epochs was absent and is now 1"),
        (
            "+callbacks.swa={_target_:pytorch_lightning.callbacks.StochasticWeightAveraging,swa_lrs:0.1}",
            "callbacks.swa._target_ was absent and is now pytorch",
        ),
        ("+trainer.sync_batchnorm=true", "trainer.sync_batchnorm was absent and is now True"),
        ("model=mesoinception4", "model.backbone._target_ was deepfake.models.backbones.meso4.Meso4 and is now"),
    ],
)
def test_a_run_is_not_resumed_as_another(
    option: str, message: str, trained: Path, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    resume = trained / "checkpoints" / "last.ckpt"
    assert script("train", *TINY, *option.split(), "hydra.run.dir=other", f"resume='{resume}'") == 1
    error = capfd.readouterr().err
    assert "comes from a run with other options: " in error and message in error and "model.weights=" in error


def test_options_that_change_no_number_may_differ(trained: Path, script: Run, tmp_path: Path) -> None:
    whole, cut = trained / "checkpoints", tmp_path / "cut" / "checkpoints"
    shutil.copytree(trained, tmp_path / "cut")
    free = ["loader.num_workers=1", "loader.cache=ram", "extract.num_workers=1", "trainer.log_every_n_steps=1"]
    resume = f"resume='{cut / 'epoch_001.ckpt'}'"
    assert script("train", *TINY, *free, "hydra.run.dir=cut", resume) == 0  # in its own folder, one epoch again
    first, second = (torch.load(path / "last.ckpt", weights_only=True)["state_dict"] for path in (whole, cut))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    before, after = (pd.read_csv(folder / "csv" / "metrics.csv") for folder in (trained, tmp_path / "cut"))
    pd.testing.assert_frame_equal(before, after, check_like=True, rtol=0, atol=0)


def test_a_run_goes_on_from_a_checkpoint_with_the_old_name_and_keeps_fewer(
    trained: Path, script: Run, tmp_path: Path
) -> None:
    folder, old = trained / "checkpoints", trained / "checkpoints" / "epoch=000.ckpt"  # as it was until 2026-11-26
    content = torch.load(folder / "epoch_001.ckpt", weights_only=True)
    content["callbacks"]["ModelCheckpoint{'monitor': None}"] = {"monitor": None}
    content["deepfake"]["config"]["callbacks"]["every_epoch"] = {"filename": "{epoch:03d}", "save_top_k": -1}
    torch.save(content, old)
    options = [*TINY, "callbacks.every_epoch.keep=best", "hydra.run.dir=new", f"resume='{old}'"]
    assert script("train", *options) == 0
    assert sorted(path.name for path in (tmp_path / "new" / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    weights = [
        torch.load(path / "last.ckpt", weights_only=True)["state_dict"]
        for path in (folder, tmp_path / "new" / "checkpoints")
    ]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_a_finished_run_has_nothing_to_resume(trained: Path, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    resume = trained / "checkpoints" / "best.ckpt"
    resume.unlink()
    assert script("train", *TINY, "hydra.run.dir=other", f"resume={trained / 'checkpoints' / 'last.ckpt'}") == 1
    assert "there is no epoch left to train and none to test" in capfd.readouterr().err
