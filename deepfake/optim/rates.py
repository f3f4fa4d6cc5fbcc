"""How the learning rate of a detector's backbone differs from that of what stands on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import nn
from torch.optim import Optimizer

from deepfake.errors import ConfigError
from deepfake.models.detector import Detector
from deepfake.ranges import Above0, Amount

Decay = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates of the backbone's layers, as multiples of the optimizer's.

    Args:
        backbone_factor: multiple for the whole backbone.
        layer_decay: multiple for each layer further from the head: the last layer of the backbone has it once, the
            first one and what lies before it most often.
        frozen_epochs: number of epochs at the beginning in which the backbone stands still.
    """

    backbone_factor: Above0 = 1.0
    layer_decay: Decay = 1.0
    frozen_epochs: Amount = 0

    def optimizer(self, make: Callable[..., Optimizer], detector: Detector) -> Optimizer:
        """Make the optimizer of all parameters that train, in groups if their rates differ.

        Raises:
            ConfigError: `layer_decay` is asked of a backbone without a row of layers.
        """
        if self.backbone_factor == self.layer_decay == 1:
            return make([parameter for parameter in detector.parameters() if parameter.requires_grad])
        factors = {f"backbone.{name}": factor for name, factor in self._factors(detector.backbone).items()}
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in detector.named_parameters():
            if parameter.requires_grad:
                groups.setdefault(factors.get(name, 1.0), []).append(parameter)
        optimizer = make([{"params": parameters} for parameters in groups.values()])
        for group, factor in zip(optimizer.param_groups, groups, strict=True):
            group["lr"] *= factor
        return optimizer

    def _factors(self, backbone: nn.Module) -> dict[str, float]:
        names = [name for name, _ in backbone.named_parameters()]
        if self.layer_decay == 1:
            return dict.fromkeys(names, self.backbone_factor)
        return {name: self.backbone_factor * self.layer_decay**depth for name, depth in depths(backbone).items()}

    def words(self) -> str:
        """Say what differs from one rate for all; empty if nothing does."""
        said = []
        if self.backbone_factor != 1:
            said.append(f"the backbone's learning rate times {self.backbone_factor:g}")
        if self.layer_decay != 1:
            said.append(f"times {self.layer_decay:g} for each layer further from the head")
        if self.frozen_epochs:
            said.append(f"the backbone frozen for {self.frozen_epochs} epochs")
        return ", ".join(said)


def depths(backbone: nn.Module) -> dict[str, int]:
    """Return how many layers each parameter of a backbone is away from its end, which is 0.

    Layers are the members of the row (`nn.Sequential` or `nn.ModuleList`) that holds most of the parameters: the blocks
    of a transformer, the stages of a convolutional network.

    Raises:
        ConfigError: no row holds more than half of them.
    """
    names = [name for name, _ in backbone.named_parameters()]
    rows = {name: row for name, row in backbone.named_modules() if isinstance(row, nn.Sequential | nn.ModuleList)}
    sizes = {name: _size(row) for name, row in rows.items() if len(row) > 1}
    row_name = max(sizes, key=lambda name: sizes[name], default=None)  # the outermost of equal ones comes first
    if row_name is None or 2 * sizes[row_name] <= _size(backbone):
        raise ConfigError(
            f"rates.layer_decay needs a backbone whose layers stand in a row, and {type(backbone).__name__} "
            f"{getattr(backbone, 'name', '')} has none: use rates.backbone_factor"
        )
    begin, num_layers = f"{row_name}." if row_name else "", len(rows[row_name])
    found, after = {}, False
    for name in names:
        if name.startswith(begin):
            index, after = [key for key, _ in rows[row_name].named_children()].index(_next(name, begin)), True
            found[name] = num_layers - index
        else:
            found[name] = 0 if after else num_layers + 1
    return found


def _next(name: str, begin: str) -> str:
    return name.removeprefix(begin).partition(".")[0]


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
