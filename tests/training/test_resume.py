"""What a resumed run takes from the checkpoint and from its folder, on made-up ones."""

import logging
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from pytorch_lightning.trainer.states import TrainerFn, TrainerState, TrainerStatus

from deepfake.callbacks.best_checkpoint import BestCheckpoint
from deepfake.checkpoints import Checkpoint
from deepfake.errors import CheckpointError, ConfigError
from deepfake.hydra_callbacks.own_folder import take
from deepfake.training import resume as module
from deepfake.training.curves import earlier_curves
from deepfake.training.epochs import require_unfinished
from deepfake.training.resume import carry_best, earlier_best, require_same_options, require_state, stop_message

BEST = BestCheckpoint("checkpoints")
STATE: dict[str, Any] = {
    "epoch": 1,
    "global_step": 4,
    "pytorch-lightning_version": "2.6",
    "loops": {"fit_loop": {"epoch_loop.batch_progress": {"is_last_batch": True}}},
    "callbacks": {BEST.state_key: {"best_rank": [0.5, -0.7], "best_model_score": torch.tensor(0.5)}},
    "optimizer_states": [{"state": {}}],
    "lr_schedulers": [{"last_epoch": 1}],
}


def checkpoint(path: Path, config: object = (), **state: object) -> Checkpoint:
    """Return a checkpoint as if read from a run's folder."""
    return Checkpoint(path / "checkpoints" / "last.ckpt", {"config": config}, {}, {**STATE, **state})


def test_a_whole_state_is_taken(tmp_path: Path) -> None:
    require_state(checkpoint(tmp_path))


@pytest.mark.parametrize("name", [name for name in STATE if name != "optimizer_states"])
def test_a_state_that_lacks_a_part_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    resumed = checkpoint(tmp_path)
    del resumed.content[name]  # type: ignore[attr-defined]
    with pytest.raises(CheckpointError, match=f"is damaged: its training state \\({name}"):
        require_state(resumed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch", "1"),
        ("global_step", -1),
        ("loops", {}),
        ("loops", {"fit_loop": {}}),
        ("callbacks", []),
        ("optimizer_states", []),
        ("lr_schedulers", []),
        ("lr_schedulers", [{}, {}]),
    ],
)
def test_a_state_of_another_kind_is_refused_by_its_name(name: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"training state \\({name}.*use another checkpoint of the run"):
        require_state(checkpoint(tmp_path, **{name: value}))


@pytest.mark.parametrize(
    ("word", "is_compared"),
    [
        ("optimizer.amsgrad=true", True),
        ("++optimizer.amsgrad=true", True),
        ("+optimizer={amsgrad:true}", True),
        ("optimizer=adam_of_my_own", True),
        ("optimizer/deeper=x", False),
        ("optim=x", False),
        ("seed=0", False),
    ],
)
def test_an_option_that_a_checkpoint_does_not_know_counts_if_it_was_given(
    word: str, is_compared: bool, tmp_path: Path
) -> None:
    resumed = checkpoint(tmp_path, {"optimizer": {"lr": 1}})
    now = {"optimizer": {"lr": 1, "amsgrad": True}}
    if not is_compared:
        require_same_options(resumed, now, [word])
        return
    with pytest.raises(ConfigError, match="optimizer.amsgrad was absent and is now True"):
        require_same_options(resumed, now, [word])


def test_a_run_that_chose_its_best_epoch_otherwise_is_refused(tmp_path: Path) -> None:
    then = {"callbacks": {"best": {"monitor": "val/selection", "mode": "max"}}}
    with pytest.raises(ConfigError, match="comes from an earlier version, which chose its best epoch by val/selection"):
        require_same_options(checkpoint(tmp_path, then), {"callbacks": {"best": {"monitor": "val/video/auc"}}}, [])


def test_a_measurement_compares_only_what_it_depends_on(tmp_path: Path) -> None:
    then = {
        "callbacks": {"best": {"monitor": "val/selection"}},
        "scheduler": {"T_max": 1},
        "optimizer": {"lr": 1},
        "trainer": {"limit_train_batches": 2},
        "model": {"size": 64},
    }
    now = {"train": False, "callbacks": {"best": {"monitor": "val/video/auc"}}, "scheduler": {"T_max": 8}}
    now |= {"optimizer": {"lr": 2}, "trainer": {"limit_train_batches": 1}}
    require_same_options(checkpoint(tmp_path, then), {**now, "model": {"size": 64}}, [])
    with pytest.raises(ConfigError, match=r"model.size was 64 and is now 32\. .*scripts/evaluate.py checkpoint="):
        require_same_options(checkpoint(tmp_path, then), {**now, "model": {"size": 32}}, [])


@pytest.mark.parametrize(
    "option",
    ["train=false", "test=false", "print_config=true", "tags=[a]", "notes=b", "trainer={profiler: {filename: c}}"],
)
def test_an_option_that_changes_no_number_may_change(option: str, tmp_path: Path) -> None:
    now = OmegaConf.to_container(OmegaConf.create(option.replace("=", ": ", 1)))
    assert isinstance(now, dict)
    then = {**dict.fromkeys(now), "trainer": {"profiler": None}} if "trainer" in now else dict.fromkeys(now)
    require_same_options(checkpoint(tmp_path, then), now, [option])


def test_the_number_of_devices_is_free_unless_the_schedule_counts_steps(tmp_path: Path) -> None:
    for by, refused in (("epoch", False), ("step", True)):
        options = {"scheduler": {"by": by}, "trainer": {"devices": 1}}
        now = {**options, "trainer": {"devices": 2}}
        with pytest.raises(ConfigError, match="trainer.devices was 1 and is now 2") if refused else nullcontext():
            require_same_options(checkpoint(tmp_path, options), now, [])


def test_the_best_epoch_comes_along_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = checkpoint(tmp_path / "old")
    best = BestCheckpoint(tmp_path / "new" / "checkpoints")
    assert earlier_best(best, resumed) is None
    source = resumed.path.parent / "best.ckpt"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"best")
    monkeypatch.setattr(module, "read_checkpoint", lambda path: resumed)
    assert earlier_best(best, resumed) == source
    assert not (tmp_path / "new").exists()  # a failure before the training must leave the folder free
    carry_best(best, resumed, source)
    assert best.best_model_path == str(tmp_path / "new" / "checkpoints" / "best.ckpt")
    assert [path.read_bytes() for path in (tmp_path / "new" / "checkpoints").iterdir()] == [b"best"]
    assert best.best_rank == (0.5, -0.7) and best.best_model_score == 0.5
    later = checkpoint(tmp_path / "old", epoch=0)
    assert earlier_best(best, later) is None


@pytest.mark.parametrize("whole", [True, False])
def test_an_epoch_that_was_cut_is_left_to_train(whole: bool, tmp_path: Path) -> None:
    state = {**STATE, "loops": {"fit_loop": {"epoch_loop.batch_progress": {"is_last_batch": whole}}}}
    trainer: Any = SimpleNamespace(max_epochs=2)
    if not whole:
        require_unfinished(trainer, None, state, "last.ckpt")
        return
    with pytest.raises(ConfigError, match="there is no epoch left to train and none to test"):
        require_unfinished(trainer, None, state, "last.ckpt")
    require_unfinished(trainer, tmp_path, state, "last.ckpt")


@pytest.mark.parametrize("content", ["", "epoch,loss\n0,1\n", "step,loss\nx,1\n", "step\n1\n2,3,4\n", "\x00\xff"])
def test_damaged_curves_are_left_behind_with_a_line(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "csv" / "metrics.csv"
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))
    with caplog.at_level(logging.WARNING):
        assert earlier_curves(checkpoint(tmp_path)) is None
    (line,) = caplog.messages
    assert line.startswith(f"{path} is damaged (") and "\n" not in line


def test_the_curves_before_a_checkpoint_are_kept(tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "metrics.csv").write_text("step,loss\n3,0.10\n4,0.20\n")
    rows = earlier_curves(checkpoint(tmp_path))
    assert rows is not None and rows.to_dict("records") == [{"step": "3", "loss": "0.10"}]


def stopped(fn: TrainerFn, status: TrainerStatus, folder: Path) -> str:
    trainer: Any = SimpleNamespace(state=TrainerState(fn=fn, status=status), current_epoch=1, max_epochs=4)
    return stop_message(trainer, folder)


def test_what_is_said_of_a_stop_is_so(tmp_path: Path) -> None:
    fit, cut = TrainerFn.FITTING, TrainerStatus.INTERRUPTED
    message = stopped(fit, cut, tmp_path)
    assert message.endswith("before an epoch was saved; the same command starts again, with the faces extracted so far")
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "metrics.csv").touch()
    take(tmp_path).release()  # the same command may use the folder again

    last = tmp_path / "checkpoints" / "last.ckpt"
    last.parent.mkdir()
    (last.parent / "best.ckpt").touch()  # carried over from the run that it resumes
    assert stopped(fit, cut, tmp_path).endswith(f"if it sets its folder, choose another one than {tmp_path}")
    with pytest.raises(ConfigError, match="holds another run"):
        take(tmp_path)

    last.touch()
    trainer: Any = SimpleNamespace(state=TrainerState(fn=fit, status=cut), current_epoch=1, max_epochs=4)
    assert stop_message(trainer, tmp_path, tmp_path.parent).endswith(f"of the sweep and sweep.resume={tmp_path.parent}")
    assert stopped(fit, cut, tmp_path) == f"stopped in epoch 2 of 4; continue with the same options and resume={last}"
    for fn, status in [(fit, TrainerStatus.FINISHED), (TrainerFn.VALIDATING, cut), (TrainerFn.TESTING, cut)]:
        assert stopped(fn, status, tmp_path).startswith("stopped after the last epoch")
        assert stopped(fn, status, tmp_path).endswith(f"continue with the same options and resume={last}")
