"""RetinaFace with a MobileNet-0.25, the small one for CPUs, with the weights of biubug6/Pytorch_Retinaface.

Source: Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild"; mean, priors and thresholds
are those of github.com/biubug6/Pytorch_Retinaface (MIT), `cfg_mnet`.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from deepfake.faces.finders.finder import Faces, Finder
from deepfake.faces.finders.retinaface_batches import find_in_batches
from deepfake.faces.finders.retinaface_network import mobilenet_network
from deepfake.faces.finders.retinaface_weights import StateDict, load_weights
from deepfake.faces.finders.weights import BRINGS_ITS_OWN, Published
from deepfake.ranges import Count, Length, PathName, Share

MEAN_BGR = (104, 117, 123)
CLASSIFIER = {"body.fc.weight", "body.fc.bias"}  # of the ImageNet pretraining


class RetinaFaceMobileNet(Finder):
    """RetinaFace (MobileNet-0.25) over batches of frames.

    Args:
        device: where it runs; half precision on a GPU.
        weights: the file mobilenet0.25_Final.pth of biubug6/Pytorch_Retinaface.
        max_size: a frame whose longer side is above this many pixels is shrunk to it.
        min_score: faces below are dropped before overlapping ones are merged.
        nms_iou: of two boxes that overlap by more than this, the one with the lower score goes.
        batch_size: frames in one pass; None is 8 on a GPU and 1 on a CPU, where 8 take up to twice the time a frame at
            960 px (memory that comes and goes) and save a tenth of it at 640.

    Raises:
        WeightsError: the weights do not exist, or belong to another network.

    Differs: the authors detect at the frame's own size, whatever it is. Here large frames are shrunk to `max_size`;
    unlike with the ResNet-50, small ones are never enlarged.
    """

    weights_source: ClassVar[Published] = Published(
        name="mobilenet0.25_Final.pth",
        cure="get mobilenet0.25_Final.pth of https://github.com/biubug6/Pytorch_Retinaface (MIT)",
    )

    def __init__(
        self,
        device: str | torch.device = "cpu",
        *,
        weights: PathName,
        max_size: Length = 960,
        min_score: Share = 0.7,
        nms_iou: Share = 0.4,
        batch_size: Count | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.dtype = torch.half if self.device.type == "cuda" else torch.float
        network = mobilenet_network()
        cure = f"{self.weights_source.cure} and give its path as faces.finder.weights=PATH, {BRINGS_ITS_OWN}"
        load_weights(network, Path(weights), name="RetinaFace (MobileNet-0.25)", cure=cure, renamed=_renamed)
        self.network = network.to(self.device, self.dtype).to(memory_format=torch.channels_last).eval()
        self.max_size = max_size
        self.min_score = min_score
        self.nms_iou = nms_iou
        self.batch_size = batch_size or (1 if self.device.type == "cpu" else 8)

    def find(self, frames: np.ndarray) -> list[Faces]:
        return find_in_batches(
            self._pass,
            frames,
            device=self.device,
            scale=min(1.0, self.max_size / max(frames.shape[1:3])),
            min_score=self.min_score,
            nms_iou=self.nms_iou,
            batch_size=self.batch_size,
        )

    def _pass(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, H, W) float RGB in [0, 255] -> boxes, logits and landmarks, as `find_in_batches` wants them."""
        mean = torch.tensor(MEAN_BGR, device=self.device).view(3, 1, 1)
        return self.network((images.flip(1) - mean).to(self.dtype))


def _renamed(state: StateDict) -> StateDict:
    """Without the `module.` of DataParallel, and without the classifier."""
    named = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return {name: tensor for name, tensor in named.items() if name not in CLASSIFIER}
