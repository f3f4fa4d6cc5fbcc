"""Files of ONNX: a network and texts in one file, run by onnxruntime; the one door to both packages.

A file is two messages of protobuf, one after the other, which every reader joins: the model with its texts, and a
model that holds nothing but the seal, the SHA-256 of all bytes before it.
"""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from deepfake.content import sha256
from deepfake.errors import MissingPackageError, WeightsError, first_line
from deepfake.models.network import Network
from deepfake.models.sealed import CURE, SEAL
from deepfake.schema import ClipSpec

log = logging.getLogger(__name__)
INPUT, OUTPUT = "clips", "logit"
LARGEST = 2**31 - 1  # bytes of a message of protobuf


def require_onnx(what: str) -> tuple[ModuleType, ModuleType]:
    """Return the packages onnx and onnxruntime.

    Args:
        what: what needs them, for the message.

    Raises:
        MissingPackageError: one is not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(
            f"{what} needs the packages onnx and onnxruntime ({error}): uv sync --extra export, or pip install "
            "'deepfake[export]'"
        ) from error
    return onnx, onnxruntime


def pack(model: Any, texts: Mapping[str, str]) -> bytes:
    """Return a model as one sealed file.

    Args:
        model: an `onnx.ModelProto` that holds its weights.
        texts: by name; they take the place of all metadata that there are.

    Raises:
        WeightsError: it is too large for a file of ONNX.
    """
    onnx, _ = require_onnx("format=onnx")
    model.ClearField("metadata_props")
    onnx.helper.set_model_props(model, dict(texts))
    if model.ByteSize() > LARGEST - 1000:
        size = model.ByteSize() / 1e9
        raise WeightsError(f"the network takes {size:.1f} GB, and one file of ONNX holds 2.1: use format=safetensors")
    content: bytes = model.SerializeToString()
    return content + _tail(content)


def _tail(content: bytes | memoryview) -> bytes:
    """Return the message with the seal of the bytes before it; its length is always the same."""
    onnx, _ = require_onnx("format=onnx")
    model = onnx.ModelProto()
    model.metadata_props.add(key=SEAL, value=sha256(content).hexdigest())
    sealed: bytes = model.SerializeToString()
    return sealed


def read_onnx(path: Path) -> tuple[dict[str, str], bytes]:
    """Return the texts of a file that `pack` made, and its content.

    Raises:
        OSError: the file cannot be read.
        MissingPackageError: onnx or onnxruntime is not installed.
        WeightsError: it is damaged, of another kind, or was changed after its export.
    """
    onnx, _ = require_onnx(f"checkpoint={path}")
    content = path.read_bytes()
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf's own, which depends on how it was built
        raise WeightsError(f"{path} is no file of ONNX, or is damaged: {CURE}") from error
    texts = {each.key: each.value for each in model.metadata_props}
    if SEAL not in texts:
        raise WeightsError(f"{path} has no seal, so it is damaged or was not exported by this project: {CURE}")
    num_bytes = len(_tail(b""))
    if content[-num_bytes:] != _tail(memoryview(content)[:-num_bytes]):
        raise WeightsError(f"{path} is damaged or was changed after its export: it is not what was sealed: {CURE}")
    if model.functions or model.training_info:
        raise WeightsError(f"{path} has functions or a training of its own, which no export has: refused: {CURE}")
    if any(tensor.external_data or tensor.data_location for tensor in _tensors(model.graph)):
        raise WeightsError(f"{path} takes weights from other files: refused: {CURE}")
    del texts[SEAL]
    return texts, content


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor of a graph and of the graphs inside it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            yield from (
                part for s in (attribute.sparse_tensor, *attribute.sparse_tensors) for part in (s.values, s.indices)
            )
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)  # that of an attribute of another kind is empty


class OnnxNetwork(Network):
    """Runs a file of ONNX on the CPU, on as many threads as torch uses.

    Args:
        content: the file.
        spec: the input that it expects.
        what: the file's name, for messages.

    Raises:
        MissingPackageError: onnxruntime is not installed.
        WeightsError: onnxruntime refuses the file, or it has another input or output.
    """

    def __init__(self, content: bytes, spec: ClipSpec, what: str) -> None:
        super().__init__()
        _, runtime = require_onnx(what)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what is wrong comes as an error
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a type for each of its codes
            raise WeightsError(f"{what} is refused by onnxruntime ({first_line(error)}): {CURE}") from error
        found = {each.name: [*each.shape[1:]] for each in (*self._session.get_inputs(), *self._session.get_outputs())}
        expected = {INPUT: [spec.clip_length, 3, spec.size, spec.size], OUTPUT: []}
        if found != expected:
            raise WeightsError(
                f"{what} has another input or output than its card says ({found}, expected {expected}): {CURE}"
            )
        self.spec, self._what, self._told = spec, what, False

    def forward(self, clips: Tensor) -> Tensor:
        if clips.device.type != "cpu" and not self._told:
            log.warning("%s is run by onnxruntime on the CPU, not on %s", self._what, clips.device)
            self._told = True
        given = clips.detach().float().cpu().contiguous().numpy()
        try:
            found = self._session.run([OUTPUT], {INPUT: given})[0]
        except Exception as error:  # a graph may be whole and still not fit together
            raise WeightsError(f"{self._what} cannot be run by onnxruntime ({first_line(error)}): {CURE}") from error
        return torch.from_numpy(found).to(clips.device)
