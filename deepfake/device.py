"""Chooses the device that finders and detectors run on."""

import torch

from deepfake.errors import ConfigError
from deepfake.ranges import Device


def pick_device(name: Device) -> str:
    """Return the name of a device that exists; `auto` becomes the GPU if there is one, and the CPU otherwise.

    Raises:
        ConfigError: this machine does not have the device.
    """
    if name != "auto":
        if name.startswith("cuda") and not torch.cuda.is_available():
            raise ConfigError(f"device={name}, but this machine has no CUDA device: use device=cpu")
        if name.startswith("cuda:") and int(name[5:]) >= (number := torch.cuda.device_count()):
            raise ConfigError(f"device={name}, but this machine has {number} CUDA devices: the first is cuda:0")
        if name == "mps" and not torch.backends.mps.is_available():
            raise ConfigError("device=mps, but this machine has no such device: use device=cpu")
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
