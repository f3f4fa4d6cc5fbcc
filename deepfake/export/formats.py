"""The formats that a detector is written in, and how each is made."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from deepfake.checkpoints import build_network, read_checkpoint
from deepfake.errors import MissingPackageError
from deepfake.models import onnx_file, safetensors_file
from deepfake.models.detector import Detector
from deepfake.models.onnx_file import INPUT, OUTPUT, require_onnx
from deepfake.models.sealed import as_texts

OPSET = 18  # of ONNX: the one that torch's exporter is made for, which onnxruntime runs since 1.14
FACTS = "facts.json"  # name of the texts in a file of torch.export


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        suffix: of its files.
        limit: largest difference of a logit from the checkpoint's; 0 for the same bits.
        require: stops unless the packages that it needs are there.
        make: detector and facts -> the file's content.
        open: the file -> what scores clips.
    """

    suffix: str
    limit: float
    require: Callable[[], object]
    make: Callable[[Detector, Mapping[str, Any]], bytes]
    open: Callable[[Path], Callable[[Tensor], Tensor]]


def trace(detector: Detector) -> ExportedProgram:
    """Return a detector as a graph that takes any number of clips.

    Args:
        detector: in eval mode on the CPU.
    """
    spec = detector.spec
    clips = torch.rand(2, spec.clip_length, 3, spec.size, spec.size)  # with one, the batch would be fixed
    with _quiet(), _plain_attention():
        return torch.export.export(detector, (clips,), dynamic_shapes={"clips": {0: Dim("batch")}}, strict=False)


def _make_onnx(detector: Detector, facts: Mapping[str, Any]) -> bytes:
    _require_exporter()
    with _quiet():
        program = torch.onnx.export(
            trace(detector),
            (),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    return onnx_file.pack(program.model_proto, as_texts(facts))


def _make_program(detector: Detector, facts: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    with _quiet():
        torch.export.save(trace(detector), content, extra_files={FACTS: json.dumps(facts)})
    return content.getvalue()


def _make_safetensors(detector: Detector, facts: Mapping[str, Any]) -> bytes:
    return safetensors_file.pack(detector.state_dict(), as_texts(facts))


def _open_program(path: Path) -> Callable[[Tensor], Tensor]:
    with _quiet():
        module: Callable[[Tensor], Tensor] = torch.export.load(path).module()
    return module


def _open_own(path: Path) -> Callable[[Tensor], Tensor]:
    return build_network(read_checkpoint(path))


def _require_exporter() -> None:
    require_onnx("format=onnx")
    try:
        import onnxscript  # noqa: F401  # torch's exporter does not say what it lacks
    except ImportError as error:
        raise MissingPackageError(
            f"format=onnx needs the package onnxscript ({error}): uv sync --extra export, or pip install "
            "'deepfake[export]'"
        ) from error


def _nothing() -> None:
    """Of formats that need no further package."""


# torch's own program differs from the detector by rounding alone, as its compiler may order sums otherwise.
FORMATS: Mapping[str, Format] = {
    "onnx": Format(".onnx", 1e-4, _require_exporter, _make_onnx, _open_own),
    "torch_export": Format(".pt2", 1e-4, _nothing, _make_program, _open_program),
    "safetensors": Format(".safetensors", 0.0, _nothing, _make_safetensors, _open_own),
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters, which tell of their own insides; whether the file scores alike is measured."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Keep torch from taking a fused transformer layer, for which other formats have no operator."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
