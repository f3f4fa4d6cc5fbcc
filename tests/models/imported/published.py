"""MesoNet as published, in plain numpy, and its weights files as Keras 2 writes them.

Written from the authors' `classifiers.py` alone: nothing of ours is imported.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np

Layers = dict[str, list[np.ndarray]]  # conv2d_1 -> kernel, bias; in the order in which the authors make them
WEIGHTS = {
    "conv2d": ("kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "dense": ("kernel", "bias"),
}
MESO4 = [(3, 3, 3, 8), (5, 5, 8, 8), (5, 5, 8, 16), (5, 5, 16, 16)]
INCEPTION4 = [
    *[(1, 1, 3, 1), (1, 1, 3, 4), (3, 3, 4, 4), (1, 1, 3, 4), (3, 3, 4, 4), (1, 1, 3, 2), (3, 3, 2, 2)],
    *[(1, 1, 11, 2), (1, 1, 11, 4), (3, 3, 4, 4), (1, 1, 11, 4), (3, 3, 4, 4), (1, 1, 11, 2), (3, 3, 2, 2)],
    *[(5, 5, 12, 16), (5, 5, 16, 16)],
]
KERNELS = {"meso4": MESO4, "mesoinception4": INCEPTION4}
CHANNELS = {"meso4": (8, 8, 16, 16), "mesoinception4": (11, 12, 16, 16)}
# A graph's layers are saved by depth: in a block, first the 1x1 of three branches, then the lone 1x1 and the 3x3.
_BY_DEPTH = (1, 3, 5, 0, 2, 4, 6)
SAVED = {"meso4": range(4), "mesoinception4": [*_BY_DEPTH, *(7 + i for i in _BY_DEPTH), 14, 15]}


def random_layers(name: str, seed: int = 0) -> Layers:
    rng = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    def weighted(shape: tuple[int, ...]) -> list[np.ndarray]:
        return [normal(*shape, scale=float(np.prod(shape[:-1])) ** -0.5), normal(shape[-1], scale=0.1)]

    layers = {f"conv2d_{i}": weighted(shape) for i, shape in enumerate(KERNELS[name], start=1)}
    for i, channels in enumerate(CHANNELS[name], start=1):
        variance = rng.uniform(0.001, 1, channels).astype(np.float32)  # small variances reveal a wrong epsilon
        gamma, beta, mean = 1 + normal(channels, scale=0.1), normal(channels), normal(channels, scale=0.1)
        layers[f"batch_normalization_{i}"] = [gamma, beta, mean, variance]
    return {**layers, "dense_1": weighted((1024, 16)), "dense_2": weighted((16, 1))}


def write_keras(path: Path, layers: Mapping[str, list[np.ndarray]], order: list[int] | range, offset: int = 0) -> Path:
    """Write a file as `save_weights` does.

    Args:
        path: of the file.
        layers: as `random_layers` makes them.
        order: of the convolutions in the file.
        offset: added to the number in every name, as in a session that has made other models before.
    """
    convolutions = [f"conv2d_{i + 1}" for i in order]
    names = ["input", *convolutions, "max_pooling2d", *(name for name in layers if name not in convolutions)]
    with h5py.File(path, "w") as file:
        file.attrs.update({"backend": "tensorflow", "keras_version": "2.1.5"})
        file.attrs["layer_names"] = [_numbered(name, offset).encode() for name in names]
        for name in names:
            group = file.create_group(_numbered(name, offset))
            kind = name.rpartition("_")[0]
            weights = [f"{_numbered(name, offset)}/{weight}:0" for weight in WEIGHTS.get(kind, ())]
            group.attrs["weight_names"] = [weight.encode() for weight in weights]
            for weight, value in zip(weights, layers.get(name, ()), strict=True):
                group.create_dataset(weight, data=value)
    return path


def _numbered(name: str, offset: int) -> str:
    kind, _, number = name.rpartition("_")
    return f"{kind}_{int(number) + offset}" if number.isdigit() else name


def real_logit(name: str, layers: Layers, image: np.ndarray) -> float:
    """Return the input of the authors' sigmoid for one image (256, 256, 3) in [0, 1]."""
    convolutions = iter(value for key, value in layers.items() if key.startswith("conv2d"))
    norms = iter(value for key, value in layers.items() if key.startswith("batch"))
    x = image
    for block, pool in enumerate((2, 2, 2, 4)):
        x = _inception(x, convolutions) if name == "mesoinception4" and block < 2 else _convolve(x, next(convolutions))
        gamma, beta, mean, variance = next(norms)
        x = _max_pool((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, pool)
    hidden = x.reshape(-1) @ layers["dense_1"][0] + layers["dense_1"][1]
    hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    return float((hidden @ layers["dense_2"][0] + layers["dense_2"][1])[0])


def _inception(x: np.ndarray, convolutions: Iterator[list[np.ndarray]]) -> np.ndarray:
    branches = [_convolve(x, next(convolutions))]
    for dilation in (1, 2, 3):
        narrow = _convolve(x, next(convolutions))
        branches.append(_convolve(narrow, next(convolutions), dilation=dilation))
    return np.concatenate(branches, axis=-1)


def _convolve(x: np.ndarray, weights: list[np.ndarray], dilation: int = 1) -> np.ndarray:
    kernel, bias = weights
    reach = dilation * (len(kernel) // 2)
    height, width = x.shape[:2]
    padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)))
    total = np.zeros((height, width, kernel.shape[-1])) + bias
    for i, row in enumerate(kernel):
        for j, matrix in enumerate(row):
            total += padded[i * dilation :, j * dilation :][:height, :width] @ matrix
    return total.clip(0)


def _max_pool(x: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = x.shape
    return x.reshape(height // size, size, width // size, size, channels).max(axis=(1, 3))
