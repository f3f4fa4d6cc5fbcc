"""Check that weights belong to a network: names and shapes must all match, or nothing is loaded."""

from collections.abc import Mapping

from torch import Tensor, nn

from deepfake.errors import WeightsError

Shapes = Mapping[str, tuple[int, ...]]
_COUNTER = "num_batches_tracked"  # number of batches that a BatchNorm has seen


def check_shapes(found: Shapes, expected: Shapes, what: str) -> None:
    """Refuse weights of another network.

    Args:
        found: name -> shape, in a file.
        expected: name -> shape, in the network.
        what: beginning of the message, such as `weights=Meso4_DF.h5 is not Meso4`.

    Raises:
        WeightsError: a name is missing, unknown, or has another shape; the first of each kind is named.
    """
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    other = [name for name in expected if name in found and found[name] != expected[name]]
    reasons = []
    if missing:
        reasons.append(f"{len(missing)} of {len(expected)} missing ({missing[0]} {expected[missing[0]]}, ...)")
    if unknown:
        reasons.append(f"{len(unknown)} unknown ({unknown[0]} {found[unknown[0]]}, ...)")
    if other:
        name = other[0]
        reasons.append(f"{len(other)} of another shape ({name}: found {found[name]}, expected {expected[name]}, ...)")
    if reasons:
        raise WeightsError(f"{what}: {'; '.join(reasons)}")


def shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor in a state dict by name."""
    return {name: tuple(value.shape) for name, value in state.items()}


def require_finite(state: Mapping[str, Tensor], what: str) -> None:
    """Refuse weights that would make every score NaN.

    Args:
        state: name -> tensor.
        what: beginning of the message, such as `weights=Meso4_DF.h5`.

    Raises:
        WeightsError: a value is infinite or NaN; the first tensor with one is named.
    """
    for name, value in state.items():
        if broken := value.numel() - int(value.isfinite().sum()):
            raise WeightsError(
                f"{what} holds numbers that are not finite, {broken:,} of {value.numel():,} in {name}: it is damaged, "
                "or its training diverged: take another"
            )


def load_exactly(network: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Load a whole state dict, or nothing.

    As in PyTorch's own strict loading, BatchNorm's `num_batches_tracked` may be absent: converted and old files lack
    it, and with a fixed momentum it changes nothing.

    Raises:
        WeightsError: see `check_shapes` and `require_finite`.
    """
    counters = {name: value for name, value in network.state_dict().items() if name.endswith(_COUNTER)}
    state = {**counters, **state}
    check_shapes(shapes(state), shapes(network.state_dict()), what)
    require_finite(state, what)
    network.load_state_dict(state)
