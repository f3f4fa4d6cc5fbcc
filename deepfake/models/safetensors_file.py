"""Files of safetensors: weights and texts in which nothing can be executed; the one door to that package."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from deepfake.content import sha256
from deepfake.errors import WeightsError, first_line
from deepfake.models.sealed import CURE, SEAL, canonical

_FORMAT = {"format": "pt"}  # by which the Hugging Face hub knows tensors of PyTorch


def pack(state: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """Return a file with weights and texts.

    Args:
        state: name -> tensor on the CPU; two names may share a tensor, which is then stored twice.
        texts: by name; the seal is added.
    """
    own = {name: value.detach().clone().contiguous() for name, value in state.items()}
    return save(own, {**texts, **_FORMAT, SEAL: _seal(texts)})


def read_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the texts and the weights of a file that `pack` made.

    Raises:
        OSError: the file cannot be read.
        WeightsError: it is damaged, of another kind, or its texts are not those that it was packed with.
    """
    try:
        with safe_open(path, "pt") as file:
            texts = dict(file.metadata() or {})
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
    except SafetensorError as error:
        raise WeightsError(f"{path} is no file of safetensors, or is damaged ({first_line(error)}): {CURE}") from error
    seal = texts.pop(SEAL, None)
    for name in _FORMAT:
        texts.pop(name, None)
    if seal is None:
        raise WeightsError(f"{path} has no seal, so it was not exported by this project: {CURE}")
    if seal != _seal(texts):
        raise WeightsError(
            f"{path} was changed after its export: its card is not the one that it was sealed with: {CURE}"
        )
    return texts, state


def _seal(texts: Mapping[str, str]) -> str:
    return sha256(canonical(texts)).hexdigest()
