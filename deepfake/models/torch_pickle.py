"""Find out what a pickle of `torch.save` would make without making it: no tensor is allocated, nothing is called.

Source: `torch/serialization.py` and `torch/_utils.py`, which define the names used here.
"""

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import torch

from deepfake.errors import WeightsError

_NUM_BYTES = {
    name: size
    for size, names in {
        1: ("CharStorage", "ByteStorage", "BoolStorage", "UntypedStorage"),
        2: ("HalfStorage", "BFloat16Storage", "ShortStorage"),
        4: ("FloatStorage", "IntStorage"),
        8: ("DoubleStorage", "LongStorage", "ComplexFloatStorage"),
        16: ("ComplexDoubleStorage",),
    }.items()
    for name in names
}
# Kinds of tensors whose size in memory the file does not tell, by a part of the name of the function that makes them.
_REFUSED = {
    "sparse": "sparse tensors",
    "qtensor": "quantised tensors",
    "meta": "tensors without content (meta)",
    "nested": "nested tensors",
}


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes of a file that one or more tensors use."""

    key: str
    item_size: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Outline:
    """Stands in for a tensor that is not loaded."""

    shape: tuple[int, ...]

    def __setstate__(self, state: Any) -> None:
        """Ignore the attributes of a tensor."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands in for anything else that a pickle names. It accepts any operation and does nothing."""

    name: str

    def __call__(self, *_: Any, **__: Any) -> "Unknown":
        return self

    def __setstate__(self, state: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def append(self, value: Any) -> None: ...

    def extend(self, values: Any) -> None: ...

    def add(self, value: Any) -> None: ...

    def update(self, values: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class _Maker:
    """A function that a pickle may call; unlike a plain function, it has no attributes that the pickle could set."""

    make: Callable[..., Any]

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)


class Looker(pickle._Unpickler):
    """Reads one pickle: plain data as it is, an `Outline` for each tensor, an `Unknown` for anything else.

    It derives from the unpickler written in Python, since the one in C allocates as many objects as a pickle declares.

    Args:
        file: positioned at the beginning of the pickle.

    Attributes:
        storages: the storages that the pickle names, by key.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in for a class or function.

        Raises:
            WeightsError: tensors of this kind are not supported.
        """
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module.partition(".")[0] != "torch":
            return Unknown(f"{module}.{name}")
        if maker := _MAKERS.get(name):
            return maker
        if name.startswith("_rebuild_"):
            kinds = [words for part, words in _REFUSED.items() if part in name]
            kinds.append(f"tensors of an unknown kind ({name})")
            raise WeightsError(f"holds {kinds[0]}, which no network of this project has: refused")
        return Unknown(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Storage:
        """Return a storage from `("storage", its type, key, device, number of items)`.

        Raises:
            WeightsError: it is not a storage, or of a kind that is not supported.
        """
        kind = pid[1].name.rpartition(".")[2]
        if pid[0] != "storage" or kind not in _NUM_BYTES or type(pid[4]) is not int or pid[4] < 0:
            raise WeightsError(f"holds a {kind} of {pid[4]!r} items, which no network of this project has: refused")
        size = _NUM_BYTES[kind]
        storage = Storage(str(pid[2]), size, size * pid[4])
        if self.storages.setdefault(storage.key, storage) != storage:
            raise WeightsError(f"declares two different kinds for one part, {storage.key!r}: refused")
        return storage


def _outline(storage: Storage, offset: int, shape: Any, strides: Any, *beside: Any) -> Outline:
    """Stand in for `_rebuild_tensor_v2`, and for `_rebuild_tensor_v3`, which counts in bytes and names its type."""
    size = storage.item_size
    for argument in beside:
        if isinstance(argument, Unknown) and isinstance(named := _named(argument), torch.dtype):
            size = named.itemsize
    shape, strides = tuple(shape), tuple(strides)
    if not all(type(number) is int and number >= 0 for number in (offset, *shape, *strides)):
        raise WeightsError(f"holds a tensor of shape {shape} and strides {strides}, which makes no sense: refused")
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    items = math.prod(shape)
    if items and max(items, last + 1) * size > storage.num_bytes:
        raise WeightsError(
            f"holds a tensor of shape {shape}, which takes {items * size:,} bytes, but stores {storage.num_bytes:,} "
            "for it: refused"
        )
    return Outline(shape)


def _named(of: Unknown) -> Any:
    return getattr(torch, of.name.rpartition(".")[2], None)


def _same(data: Any, *_: Any) -> Any:
    """Stand in for `_rebuild_parameter`."""
    return data


def _subclass(make: Any, _kind: Any, arguments: Any, _state: Any) -> Any:
    """Stand in for `_rebuild_from_type_v2`."""
    return make(*arguments)


_MAKERS = {
    "_rebuild_tensor": _Maker(_outline),
    "_rebuild_tensor_v2": _Maker(_outline),
    "_rebuild_tensor_v3": _Maker(_outline),
    "_rebuild_parameter": _Maker(_same),
    "_rebuild_parameter_with_state": _Maker(_same),
    "_rebuild_from_type_v2": _Maker(_subclass),
}
