"""SAM: SGD whose gradient is taken where the loss is worst nearby, which prefers flat minima."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, Optimizer

from deepfake.ranges import Above0, NotNegative, Share


class Sam(SGD):
    """Climbs by `rho` along the gradient, takes the gradient there, goes back and steps along it with SGD.

    Every step costs two passes over its batches. Who trains sets `again`, which computes the second gradients. With
    several processes both gradients are means over all of them, so the step is that of one process with all batches.

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        momentum: of SGD.
        weight_decay: strength of the L2 penalty; it takes no part in the climb.
        rho: length of the climb, in the L2 norm over all parameters.

    Attributes:
        again: adds the gradients of the step's batches, at the weights as they are, to zeroed gradients.

    Source: Foret et al. 2021, algorithm 1; over SGD with rho 0.05 as self-blended images were published.
    """

    def __init__(
        self,
        params: Any,
        lr: Above0 = 1e-3,
        *,
        momentum: Share = 0.9,
        weight_decay: NotNegative = 0.0,
        rho: Above0 = 0.05,
    ) -> None:
        super().__init__(params, lr, momentum=momentum, weight_decay=weight_decay)
        self.rho = rho
        self.again: Callable[[], None] | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step.

        Args:
            closure: computes the loss and the gradients at the current weights.

        Raises:
            ValueError: there is no closure, or `again` is not set.
        """
        if closure is None or self.again is None:
            raise ValueError("Sam.step needs a closure and Sam.again: it takes the gradient twice")
        with torch.enable_grad():
            loss = closure()
        moved: list[Tensor] = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        before = [parameter.clone() for parameter in moved]
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in moved]))
        for parameter in moved:
            parameter.add_(parameter.grad * (self.rho / (norm + 1e-12)))
        self.zero_grad()
        with torch.enable_grad():
            self.again()
        for parameter, start in zip(moved, before, strict=True):
            parameter.copy_(start)
        super().step()
        return loss


def average_gradients(optimizer: Optimizer) -> None:
    """Give all processes the mean of their gradients, as DDP does for a pass that begins in it."""
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    joined = torch.cat([gradient.flatten() for gradient in gradients])
    torch.distributed.all_reduce(joined)
    joined /= torch.distributed.get_world_size()
    for gradient, mean in zip(gradients, joined.split([each.numel() for each in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


@contextmanager
def still_statistics(network: nn.Module) -> Iterator[None]:
    """Leave BatchNorm's running statistics as they are; batches are still normalised by their own."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
