import hashlib
import json
import pickle
import signal
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from PIL import Image
from torch import Tensor

from deepfake import load_detector
from deepfake.checkpoints import read_checkpoint
from deepfake.models.detector import Detector
from deepfake.run.import_weights import import_weights
from tests.models.imported.published import KERNELS, SAVED, random_layers, real_logit, write_keras

REPOSITORY = Path(__file__).parents[2]
AUTHORS = REPOSITORY / "../shared/weights/mesonet"
Run = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the stage and returns what it wrote."""

    def run(kind: str, weights: Path, *overrides: str) -> Path:
        output = tmp_path / "out" / "imported.ckpt"
        with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
            cfg = compose(
                "import_weights", overrides=[f"format={kind}", f"weights={weights}", f"output={output}", *overrides]
            )
        import_weights(cfg)
        return output

    return run


def logit(detector: Detector, image: np.ndarray) -> float:
    with torch.no_grad():
        return detector(torch.from_numpy(image).permute(2, 0, 1)[None, None]).item()


@pytest.mark.parametrize("offset", [0, 7])  # 7: conv2d_9 comes before conv2d_10
@pytest.mark.parametrize("name", KERNELS)
def test_mesonet_equals_the_published_network(name: str, offset: int, run: Run, tmp_path: Path) -> None:
    layers = random_layers(name)
    path = write_keras(tmp_path / "weights.h5", layers, SAVED[name], offset)
    detector = load_detector(run("mesonet", path))
    rng = np.random.default_rng(1)
    for _ in range(2):
        image = rng.random((256, 256, 3), dtype=np.float32)
        theirs = real_logit(name, layers, image)
        assert abs(theirs) > 0.01  # else a wrong sign would pass
        assert logit(detector, image) == pytest.approx(-theirs, abs=1e-4)


def test_a_whole_keras_model_is_taken_too(run: Run, tmp_path: Path) -> None:
    layers = random_layers("meso4")
    path = write_keras(tmp_path / "weights.h5", layers, SAVED["meso4"])
    with h5py.File(path) as weights, h5py.File(tmp_path / "model.h5", "w") as model:
        weights.copy(weights["/"], model, name="model_weights")
        model.create_group("optimizer_weights")
    image = np.full((256, 256, 3), 0.5, dtype=np.float32)
    detector = load_detector(run("mesonet", tmp_path / "model.h5"))
    assert logit(detector, image) == pytest.approx(-real_logit("meso4", layers, image), abs=1e-4)


@pytest.mark.skipif(not AUTHORS.is_dir(), reason="the authors' weights and images are not here")
def test_the_authors_images(run: Run) -> None:
    expected = json.loads((AUTHORS / "expected.json").read_text())
    detector = load_detector(run("mesonet", AUTHORS / expected["weights"]))
    for name, p_real in expected["p_real"].items():
        image = Image.open(AUTHORS / name).convert("RGB").resize((256, 256), Image.Resampling.NEAREST)
        score = 1 / (1 + np.exp(-logit(detector, np.asarray(image, dtype=np.float32) / 255)))
        assert score == pytest.approx(1 - p_real, abs=1e-4)


def test_what_the_checkpoint_says(run: Run, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "Mine.h5", random_layers("meso4"), SAVED["meso4"])
    card = read_checkpoint(run("mesonet", path, "faces=retinaface")).card
    assert {key: card["spec"][key] for key in ("size", "margin", "shape", "clip_length")} == {
        "size": 256, "margin": 1.0, "shape": "square", "clip_length": 1,
    }  # fmt: skip
    assert card["labels"] == {"real": 0, "fake": 1}
    assert card["faces"]["finder"]["_target_"] == "deepfake.faces.finders.retinaface.RetinaFace"
    assert card["data"] == {
        "corpus": "unknown",
        "protocol": "unknown",
        "fingerprint": None,
        "imported": {"format": "mesonet", "file": "Mine.h5", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    }
    assert "weights" not in card["model"]
    assert card["config"]["model"]["margin"] == 1.0


def v1_state(seed: int = 0) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(seed)
    state = {}
    for layer, shape in zip((0, 4, 8, 12), ((8, 3, 3, 3), (8, 8, 5, 5), (16, 8, 5, 5), (16, 16, 5, 5)), strict=True):
        state[f"convs.{layer}.weight"] = torch.randn(shape, generator=random) / 8
        norm = f"convs.{layer + 2}"
        state |= {f"{norm}.{key}": torch.rand(shape[0], generator=random) + 0.01 for key in ("weight", "bias")}
        state |= {f"{norm}.running_{key}": torch.rand(shape[0], generator=random) / 99 for key in ("mean", "var")}
        state[f"{norm}.num_batches_tracked"] = torch.tensor(9)
    for name, shape_ in (("linear.1", (16, 784)), ("linear.4", (1, 16))):
        state[f"{name}.weight"] = torch.randn(shape_, generator=random) / 16
        state[f"{name}.bias"] = torch.randn(shape_[0], generator=random)
    return state


def v1_forward(state: dict[str, Tensor], images: Tensor) -> Tensor:
    f = torch.nn.functional
    x = (images - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    for layer, padding, pool in zip((0, 4, 8, 12), (1, 2, 2, 2), (2, 2, 2, 4), strict=True):
        norm = [state[f"convs.{layer + 2}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
        x = f.batch_norm(f.conv2d(x, state[f"convs.{layer}.weight"], padding=padding).relu(), *norm, eps=1e-5)
        x = f.max_pool2d(x, pool)
    hidden = f.leaky_relu(f.linear(x.flatten(1), state["linear.1.weight"], state["linear.1.bias"]), 0.1)
    return f.linear(hidden, state["linear.4.weight"], state["linear.4.bias"]).squeeze(1)


@pytest.mark.parametrize("counted", [True, False])
def test_v1(counted: bool, run: Run, tmp_path: Path) -> None:
    state = {key: value for key, value in v1_state().items() if counted or "tracked" not in key}
    torch.save({"epoch": 3, "model": state, "optimizer": {"state": {}, "param_groups": []}}, tmp_path / "best.pth.tar")
    detector = load_detector(run("v1", tmp_path / "best.pth.tar"))
    spec = detector.spec
    assert (spec.size, spec.margin, spec.shape) == (224, 1.0, "box")
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(detector(images[:, None]), v1_forward(state, images), rtol=1e-4, atol=1e-4)


class Code:
    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (Path("executed"),)


def _other_layers(path: Path) -> None:
    write_keras(path, {"conv2d_1": [np.ones((3, 3, 3, 8)), np.ones(8)]}, [0])


def _other_shapes(path: Path) -> None:
    layers = random_layers("mesoinception4")
    layers["conv2d_9"] = [np.ones((1, 1, 11, 5)), np.ones(5)]
    write_keras(path, layers, SAVED["mesoinception4"])


def _truncated(path: Path) -> None:
    write_keras(path, random_layers("meso4"), SAVED["meso4"])
    path.write_bytes(path.read_bytes()[:60_000])


def _not_finite(path: Path) -> None:
    layers = random_layers("meso4")
    layers["dense_1"][0][5, 5] = np.nan
    write_keras(path, layers, SAVED["meso4"])


def _v1_other(path: Path) -> None:
    state = v1_state()
    del state["linear.4.bias"]
    torch.save({"model": {**state, "linear.1.weight": torch.ones(16, 1024)}}, path)


def _no_layers(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["layers/conv2d/vars/0"] = np.ones(3)  # as Keras 3 writes them


WRONG: list[tuple[str, Callable[[Path], object], str]] = [
    ("mesonet", _other_layers, r"is not a MesoNet: found 1 conv2d, expected 4 conv2d, 4 batch_normalization, 2 dense "),
    (
        "mesonet",
        _other_shapes,
        r"is not mesoinception4: 2 of another shape \(conv2d.8.kernel: found \(1, 1, 11, 5\), exp",
    ),
    ("mesonet", _truncated, r"cannot be read as a weights file of Keras 2 .*truncated"),
    ("mesonet", _not_finite, r"not finite, 1 of 16,384 in head.1.weight: it is damaged"),
    ("mesonet", _no_layers, r"no attribute `layer_names`, but layers"),
    ("mesonet", lambda path: path.write_text("text"), r"cannot be read as a weights file of Keras 2"),
    ("mesonet", lambda path: path.write_bytes(pickle.dumps(Code())), r"cannot be read as a weights file of Keras 2"),
    ("mesonet", lambda path: None, r"does not exist"),
    ("v1", _v1_other, r"is not the MesoNet4 of v1: 1 of 28 missing \(linear.4.bias \(1,\), ...\); 1 of another shape "),
    ("v1", lambda path: path.write_bytes(pickle.dumps(Code())), r"nothing in it was executed"),
    ("v1", lambda path: torch.save({"model": Code()}, path), r"nothing in it was executed"),
    ("v1", lambda path: torch.save({"state_dict": {}}, path), r"found state_dict, expected model"),
    ("v1", lambda path: torch.save({"model": {"a": 1}}, path), r"found model, expected model"),
    ("v1", lambda path: torch.save(torch.ones(3), path), r"found Tensor, expected model"),
    ("v1", _truncated, r"cannot be read safely"),
    ("keras", _truncated, r"format is 'keras': choose one of mesonet, v1"),
]


@pytest.mark.parametrize(("kind", "write", "message"), WRONG)
def test_a_wrong_file_is_one_line_and_writes_nothing(
    kind: str, write: Callable[[Path], object], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "weights")
    with pytest.raises(Exception, match=message) as error:
        run(kind, tmp_path / "weights")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("room", [0, 20_000])
def test_a_disk_that_fills_leaves_nothing_half_written(room: int, run: Run, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "weights.h5", random_layers("meso4"), SAVED["meso4"])
    resource = pytest.importorskip("resource")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))
    try:
        with pytest.raises(Exception, match=r"output=\S+imported.ckpt cannot be written: .*; \w+") as error:
            run("mesonet", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert "\n" not in str(error.value)
    assert [*(tmp_path / "out").iterdir()] == []
    load_detector(run("mesonet", path))


def test_a_place_that_may_not_be_written_to_is_one_line(run: Run, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "weights.h5", random_layers("meso4"), SAVED["meso4"])
    (tmp_path / "out").write_text("a file where the folder would be")
    with pytest.raises(Exception, match=r"output=\S+imported.ckpt cannot be written: File exists; \w+"):
        run("mesonet", path)


def test_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    path = write_keras(tmp_path / "weights.h5", random_layers("meso4"), SAVED["meso4"])
    output = run("mesonet", path)
    assert [file.name for file in output.parent.iterdir()] == [output.name]
    before = output.read_bytes()
    with pytest.raises(Exception, match="exists: delete it, or give another name"):
        run("mesonet", path)
    assert output.read_bytes() == before
