"""Every command where the disk is full, or a folder cannot be written to: one line, and nothing half-written."""

import ctypes
import resource
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import SMALL_DEMO, TINY
from tests.models.imported.published import SAVED, random_layers, write_keras
from tests.run.processes import SCRIPTS, running

pytestmark = pytest.mark.slow
FILLS_UP = 70_000  # bytes of a file, a little more than each command tries for before it begins
LARGE = ("extract", "train", "export", "predict", "import_weights", "benchmark")  # whose files are larger
DROP, OVERRIDE = 24, 1  # PR_CAPBSET_DROP and CAP_DAC_OVERRIDE, of <linux/prctl.h> and <linux/capability.h>


def obey_permissions() -> None:
    """A program that root starts from here may write where others may: nowhere that is read-only."""
    ctypes.CDLL(None).prctl(DROP, OVERRIDE, 0, 0, 0)


@pytest.fixture
def arguments(model: Path, demo_root: Path, tmp_path: Path) -> dict[str, list[str]]:
    """Of every script, with which it works."""
    write_keras(tmp_path / "Meso4.h5", random_layers("meso4"), SAVED["meso4"])
    val = tmp_path / "val.csv"
    val.write_text("video_id,label,score\n" + "".join(f"{i},{i % 2},{0.3 + 0.4 * (i % 3 > 0)}\n" for i in range(12)))
    return {
        "inventory": SMALL_DEMO,
        "extract": [*SMALL_DEMO, "faces.num_segments=2", f"paths.faces_dir={tmp_path}/faces"],
        "train": [*TINY, "trainer.max_epochs=1"],
        "evaluate": [*SMALL_DEMO, f"checkpoint={model}"],
        "calibrate": [f"predictions={val}", f"output={tmp_path}/out/calibration.json"],
        "export": [f"checkpoint={model}", "format=safetensors"],
        "predict": [f"checkpoint={model}", f"input={demo_root}/real"],
        "import_weights": ["format=mesonet", f"weights={tmp_path}/Meso4.h5", f"output={tmp_path}/out.ckpt"],
        "report": [f"runs=[{model.parents[1]}]"],
        "serve": [f"checkpoint={model}"],
        "benchmark": ["benchmark=training", "training.models=[meso4]", "training.repeats=1", "training.num_videos=4"],
    }


def error_line(folder: Path) -> str:
    """The one line that is shown of an error."""
    shown = (folder / "shown").read_text()
    assert "Traceback" not in shown, shown
    (line,) = [line for line in shown.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.skipif(sys.platform != "linux", reason="a process of root gives up rights by Linux's own call")
@pytest.mark.parametrize("stage", SCRIPTS)
def test_a_folder_that_cannot_be_written_to_is_named(
    stage: str, arguments: dict[str, list[str]], data_dir: Path, tmp_path: Path
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    room.chmod(0o555)
    run = [f"hydra.run.dir={room}/out"]
    with running(tmp_path, data_dir, stage, *arguments[stage], *run, before=obey_permissions) as process:
        assert process.wait(400) == 1
    assert str(room) in error_line(tmp_path)


@pytest.mark.parametrize(
    ("num_bytes", "stage"), [*((500, stage) for stage in SCRIPTS), *((FILLS_UP, stage) for stage in LARGE)]
)
def test_a_full_disk_is_named_and_nothing_is_left_half_written(
    num_bytes: int, stage: str, arguments: dict[str, list[str]], data_dir: Path, tmp_path: Path
) -> None:
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (num_bytes, num_bytes))
    with running(tmp_path, data_dir, stage, *arguments[stage], "hydra.run.dir=out", before=limit) as process:
        assert process.wait(400) == 1
    assert "File too large" in error_line(tmp_path)
    cut = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == num_bytes]
    assert not cut, "a file ends where the disk was full"
    assert not {"metrics.json", "predictions.csv"} & {path.name for path in (tmp_path / "out").rglob("*")}
