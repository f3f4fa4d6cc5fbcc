"""Read weights files of Keras 2. Only this module imports h5py, which reads arrays and executes nothing.

    attribute layer_names                     input_2, conv2d_5, batch_normalization_5, ..., dense_4
    <layer>   attribute weight_names          conv2d_5/kernel:0, conv2d_5/bias:0
              <weight>                        the array

Layers are numbered through a Keras session, so their numbers begin anywhere but grow in the order in which the layers
were made. (`layer_names` has another order: by depth in the graph, with branches mixed.)

Source: Keras 2.1.5, `keras/engine/topology.py`, `save_weights_to_hdf5_group`.
"""

import re
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np

from deepfake.errors import WeightsError


def read_keras_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight, named `<kind>.<n>.<weight>` for the n-th layer made of its kind, from 0.

    Example:
        `conv2d_5/kernel:0` is `conv2d.0.kernel` if `conv2d_5` is the lowest of all `conv2d_...`.

    Raises:
        WeightsError: the file is not a weights file of Keras 2, or is damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            return {name: tuple(dataset.shape) for name, dataset in _datasets(file).items()}
    except Exception as error:  # HDF5's own errors come as OSError, RuntimeError, KeyError and more
        raise _unreadable(path, error) from error


def read_keras_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the weights as float32, named as in `read_keras_shapes`.

    Raises:
        WeightsError: the file is not a weights file of Keras 2, or is damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            return {name: np.asarray(dataset[()], dtype=np.float32) for name, dataset in _datasets(file).items()}
    except Exception as error:  # see above
        raise _unreadable(path, error) from error


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    root = file.get("model_weights", file)  # `model.save` puts weights there, beside the rest of a model
    if "layer_names" not in root.attrs:
        raise ValueError(f"it has no attribute `layer_names`, but {', '.join(list(root)[:4]) or 'nothing'}")
    by_kind: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for layer in map(_text, root.attrs["layer_names"]):
        if len(root[layer].attrs["weight_names"]):
            kind, number = re.fullmatch(r"(.*?)(?:_(\d+))?", layer, re.DOTALL).groups()  # type: ignore[union-attr]
            by_kind[kind].append((int(number or 0), layer))
    return {
        f"{kind}.{n}.{weight.rpartition('/')[2].partition(':')[0]}": root[layer][weight]
        for kind, layers in by_kind.items()
        for n, (_, layer) in enumerate(sorted(layers))
        for weight in map(_text, root[layer].attrs["weight_names"])
    }


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _unreadable(path: Path, error: Exception) -> WeightsError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return WeightsError(f"weights={path} cannot be read as a weights file of Keras 2 (.h5): {reason}")
