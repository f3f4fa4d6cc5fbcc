"""Published weights of a RetinaFace, from a file into the network: every name and shape must be the network's own."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten

import torch
from torch import Tensor, nn

from deepfake.errors import WeightsError

StateDict = dict[str, Tensor]


def load_weights(
    network: nn.Module,
    path: Path,
    *,
    name: str,
    cure: str,
    renamed: Callable[[StateDict], StateDict] = lambda state: state,
) -> None:
    """Fill the network. The file is read as data, never run.

    Args:
        network: on the CPU.
        path: a state dict, or a zip around one.
        name: of the network, for people.
        cure: what to do where there is no such file.
        renamed: from the names in the file to those of the network.

    Raises:
        WeightsError: the file does not exist, or does not hold exactly the tensors of this network.
    """
    if not path.is_file():
        raise WeightsError(f"RetinaFace weights {path} do not exist: {cure}")
    try:
        network.load_state_dict(renamed(torch.load(_unwrapped(path), map_location="cpu", weights_only=True)))
    except Exception as error:  # torch raises half a dozen kinds for a file that is not a state dict
        reason = shorten(str(error), 160, placeholder=" ...")
        raise WeightsError(f"{path} does not hold the weights of {name} ({reason}): {cure}") from error


def _unwrapped(path: Path) -> Path | io.BytesIO:
    """What retinaface-pytorch publishes is a zip around one .pth; a .pth is itself a zip, of many files."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if len(archive.namelist()) == 1:
                return io.BytesIO(archive.read(archive.namelist()[0]))
    return path
