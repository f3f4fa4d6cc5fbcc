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
        # A tensor of one element is contiguous whatever its stride, which `view` refuses, so a flat copy is taken.
        flat = torch.empty(value.numel(), dtype=value.dtype).copy_(value.detach().reshape(-1))
        found.update(flat.view(torch.uint8).numpy().data)
    return found.hexdigest()
