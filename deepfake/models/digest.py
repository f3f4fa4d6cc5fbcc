"""What weights are, as one hash: a byte that changes on a disk or on the way changes it."""

from collections.abc import Mapping

import torch
from torch import Tensor

from deepfake.content import sha256


def digest(state: Mapping[str, Tensor]) -> str:
    """64 hex digits of all names, types, shapes and bytes of a state dict (SHA-256); its order does not matter.

    Example:
        >>> digest({"a": torch.ones(2)}) == digest({"a": torch.ones(2, 1)})
        False
    """
    found = sha256()
    for name, value in sorted(state.items()):
        found.update(f"{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode("utf-8", "surrogatepass"))
        found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
