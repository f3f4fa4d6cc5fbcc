"""What stands in an exported file is what was sealed; anything else is refused in one line."""

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from deepfake import load_detector
from deepfake.checkpoints import build_detector, read_checkpoint
from deepfake.errors import CheckpointError, DeepfakeError, MissingPackageError
from deepfake.export import facts_of
from deepfake.models import onnx_file, safetensors_file
from deepfake.models.sealed import as_texts
from deepfake.scoring import clip_logits
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content

CLIPS = torch.rand(3, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def saved() -> dict[str, Any]:
    return content()


def state(saved: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {name.removeprefix("detector."): value for name, value in saved["state_dict"].items()}


def texts(saved: dict[str, Any]) -> dict[str, str]:
    return as_texts(facts_of(saved[CARD]))


@pytest.fixture
def safe(saved: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors_file.pack(state(saved), texts(saved)))
    return path


def graph(size: int = 32, output: str = "logit") -> Any:
    """Return a network whose logit is the mean of a clip."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    make, kind = onnx.helper, onnx.TensorProto
    axes = make.make_tensor("axes", kind.INT64, [4], [1, 2, 3, 4])
    node = make.make_node("ReduceMean", ["clips", "axes"], [output], keepdims=0)
    clips = make.make_tensor_value_info("clips", kind.FLOAT, ["batch", 1, 3, size, size])
    logit = make.make_tensor_value_info(output, kind.FLOAT, ["batch"])
    made = make.make_graph([node], "mean", [clips], [logit], [axes])
    return make.make_model(made, opset_imports=[make.make_opsetid("", 18)], ir_version=10)


@pytest.fixture
def onnx_path(saved: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_file.pack(graph(), texts(saved)))
    return path


def test_safetensors_hold_the_same_detector(saved: dict[str, Any], safe: Path, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "a.ckpt")
    first, second = read_checkpoint(tmp_path / "a.ckpt"), read_checkpoint(safe)
    assert (first.card, first.digest) == (second.card, second.digest)
    assert first.state.keys() == second.state.keys()
    assert all(torch.equal(value, second.state[name]) for name, value in first.state.items())
    with torch.inference_mode():
        one, other = (clip_logits(load_detector(path), CLIPS) for path in (tmp_path / "a.ckpt", safe))
    assert torch.equal(one, other)


def test_others_read_the_weights_without_this_project(saved: dict[str, Any], safe: Path) -> None:
    assert load_file(safe).keys() == state(saved).keys()


def test_onnx_runs_on_clips_in_any_number(saved: dict[str, Any], onnx_path: Path) -> None:
    checkpoint = read_checkpoint(onnx_path)
    assert checkpoint.card == saved[CARD]
    network = load_detector(onnx_path)
    assert network.spec.size == 32 and not network.training
    for number in (1, 3):
        torch.testing.assert_close(network(CLIPS[:number]), CLIPS[:number].mean((1, 2, 3, 4)), rtol=0, atol=1e-6)
    with pytest.raises(CheckpointError, match="holds a network that only scores: give the checkpoint"):
        build_detector(checkpoint)


def test_others_run_onnx_without_this_project(saved: dict[str, Any], onnx_path: Path) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    onnx.checker.check_model(onnx.load(onnx_path), full_check=True)
    session = runtime.InferenceSession(onnx_path)
    found = session.get_modelmeta().custom_metadata_map
    assert json.loads(found["card"]) == saved[CARD] and json.loads(found["labels"]) == {"real": 0, "fake": 1}
    (logit,) = session.run(None, {json.loads(found["input"])["name"]: CLIPS.numpy()})
    np.testing.assert_allclose(logit, CLIPS.mean((1, 2, 3, 4)).numpy(), atol=1e-6)


def test_a_digest_tells_files_of_onnx_apart(saved: dict[str, Any], onnx_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    model = graph()
    model.graph.node[0].name = "other"
    other.write_bytes(onnx_file.pack(model, texts(saved)))
    torch.save(saved, tmp_path / "a.ckpt")
    assert len({read_checkpoint(path).digest for path in (onnx_path, other, tmp_path / "a.ckpt")}) == 3


Change = Callable[[Path], object]


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")


WRONG: list[tuple[str, Change]] = [
    ("text", lambda path: path.write_text("text")),
    ("empty", lambda path: path.write_bytes(b"")),
    ("zip", _zip),
    ("cut", lambda path: path.write_bytes(path.read_bytes()[:-1])),
    ("half", lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])),
    ("longer", lambda path: path.write_bytes(path.read_bytes() + b"\0")),
    ("margin", lambda path: path.write_bytes(path.read_bytes().replace(b'margin\\": 1.3', b'margin\\": 1.0'))),
    ("weights", lambda path: path.write_bytes(path.read_bytes()[:-90] + b"\1" * 40 + path.read_bytes()[-50:])),
]


@pytest.mark.parametrize("kind", ["safe", "onnx_path"])
@pytest.mark.parametrize(("name", "change"), WRONG, ids=[name for name, _ in WRONG])
def test_a_file_that_was_changed_is_refused(
    name: str, change: Change, kind: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(kind)
    if (name, kind) == ("margin", "onnx_path"):
        path.write_bytes(path.read_bytes().replace(b'"margin": 1.3', b'"margin": 1.0'))
    else:
        change(path)
    with pytest.raises(CheckpointError) as error:
        load_detector(path)
    message = str(error.value)
    assert path.name in message and "\n" not in message
    assert "export it again" in message or "copy the file again" in message


def test_flipped_bytes_never_pass(safe: Path, onnx_path: Path) -> None:
    rng = np.random.default_rng(0)
    for path in (safe, onnx_path):
        whole = path.read_bytes()
        for place in rng.choice(len(whole), 40, replace=False):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(CheckpointError):
                load_detector(path)


def test_a_card_of_another_model_is_refused_though_it_is_sealed(saved: dict[str, Any], tmp_path: Path) -> None:
    other = texts(content("model=mesoinception4"))
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_file.pack(state(saved), other))
    with pytest.raises(CheckpointError, match=r"a.safetensors is damaged: its weights do not match the digest"):
        load_detector(path)
    path = tmp_path / "a.onnx"
    path.write_bytes(onnx_file.pack(graph(), texts(content("model.size=64"))))
    with pytest.raises(CheckpointError, match=r"a.onnx has another input or output than its card says"):
        load_detector(path)


@pytest.mark.parametrize("key", ["card", "seal"])
def test_a_file_of_others_is_refused(key: str, saved: dict[str, Any], tmp_path: Path) -> None:
    own = {name: text for name, text in texts(saved).items() if name != "card"}
    path = tmp_path / "a.safetensors"
    if key == "card":
        path.write_bytes(safetensors_file.pack(state(saved), own))
    else:
        save_file({name: value.contiguous() for name, value in state(saved).items()}, path)
    with pytest.raises(CheckpointError, match=f"a.safetensors has no {key}, so it was not exported by this project"):
        load_detector(path)
    path = tmp_path / "a.onnx"
    path.write_bytes(onnx_file.pack(graph(), own) if key == "card" else graph().SerializeToString())
    with pytest.raises(CheckpointError, match=f"a.onnx has no {key}, so it (is damaged or )?was not exported"):
        load_detector(path)


def test_a_graph_that_reads_other_files_or_that_onnxruntime_refuses(saved: dict[str, Any], tmp_path: Path) -> None:
    path, model = tmp_path / "a.onnx", graph()
    tensor = model.graph.initializer[0]
    tensor.data_location = 1
    tensor.external_data.add(key="location", value="/etc/passwd")
    path.write_bytes(onnx_file.pack(model, texts(saved)))
    with pytest.raises(CheckpointError, match="a.onnx takes weights from other files: refused"):
        load_detector(path)
    model = graph()
    model.graph.node[0].op_type = "NoSuchOperator"
    path.write_bytes(onnx_file.pack(model, texts(saved)))
    with pytest.raises(CheckpointError, match="a.onnx is refused by onnxruntime .*NoSuchOperator") as error:
        load_detector(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["a graph of sparse weights alone", "a training"])
def test_weights_of_other_files_are_found_wherever_they_are_named(
    place: str, saved: dict[str, Any], tmp_path: Path
) -> None:
    path, model = tmp_path / "a.onnx", graph()
    if place == "a training":
        inner = model.training_info.add().initialization
    else:
        inner = model.graph.node[0].attribute.add(name="branch", type=5).g
    inner.sparse_initializer.add().values.external_data.add(key="location", value="/etc/passwd")
    path.write_bytes(onnx_file.pack(model, texts(saved)))
    with pytest.raises(CheckpointError, match="a.onnx (takes weights from other files|has functions or a training)"):
        load_detector(path)


def test_a_graph_that_fails_while_it_runs_is_one_line(saved: dict[str, Any], tmp_path: Path) -> None:
    path, model = tmp_path / "a.onnx", graph()
    model.graph.initializer[0].CopyFrom(pytest.importorskip("onnx").numpy_helper.from_array(np.array([1, 9]), "axes"))
    path.write_bytes(onnx_file.pack(model, texts(saved)))
    with pytest.raises(DeepfakeError, match="a.onnx (cannot be run|is refused) by onnxruntime") as error:
        load_detector(path)(CLIPS)
    assert "\n" not in str(error.value)


def test_a_forged_target_is_refused_there_too(saved: dict[str, Any], tmp_path: Path) -> None:
    card = {**saved[CARD], "model": {**saved[CARD]["model"], "_target_": "os.system"}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_file.pack(state(saved), as_texts(facts_of(card))))
    (tmp_path / "a.onnx").write_bytes(onnx_file.pack(graph(), as_texts(facts_of(card))))
    for name in ("a.safetensors", "a.onnx"):
        with pytest.raises(CheckpointError, match="asks to call 'os.system'"):
            load_detector(tmp_path / name)


def test_a_program_of_torch_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.pt2").touch()
    with pytest.raises(CheckpointError, match=r"a.pt2 is a file of torch.export, and loading one runs code"):
        load_detector(tmp_path / "a.pt2")


def test_without_the_packages_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    (tmp_path / "a.onnx").touch()
    cure = r"uv sync --extra export, or pip install 'deepfake\[export\]'"
    with pytest.raises(MissingPackageError, match=f"^checkpoint=.*a.onnx needs the packages onnx [^\n]*: {cure}$"):
        load_detector(tmp_path / "a.onnx")
