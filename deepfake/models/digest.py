"""Hash weights, so that a byte that changes on a disk or in transfer is noticed."""

from collections.abc import Mapping

import torch
from torch import Tensor

from deepfake.content import sha256


def digest(state: Mapping[str, Tensor]) -> str:
    """Hash all names, types, shapes and bytes of a state dict, in any order: 64 hex digits (SHA-256).

    Example:
        >>> digest({"a": torch.ones(2)}) == digest({"a": torch.ones(2, 1)})
        False
    """
    found = sha256()
    for name, value in sorted(state.items()):
        found.update(f"{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode("utf-8", "surrogatepass"))
        found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()
