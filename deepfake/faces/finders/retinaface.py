"""RetinaFace with a ResNet-50, the large one, with the weights of ternaus/retinaface.

Source: Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild"; retinaface-pytorch 0.0.8,
`predict_single.Model`, whose resize and normalisation are kept.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from deepfake.faces.finders.finder import Faces, Finder
from deepfake.faces.finders.retinaface_batches import find_in_batches
from deepfake.faces.finders.retinaface_network import resnet50_network
from deepfake.faces.finders.retinaface_weights import load_weights
from deepfake.faces.finders.weights import Published
from deepfake.ranges import Count, Length, PathName, Share

URL = (
    "https://github.com/ternaus/retinaface/releases/download/0.01/"  # `retinaface.pre_trained_models.models`
    "retinaface_resnet50_2020-07-20-f168fae3c.zip"
)
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class RetinaFace(Finder):
    """RetinaFace (ResNet-50) over batches of frames.

    Args:
        device: where it runs; half precision on a GPU.
        weights: the file at `URL`, as downloaded, or the state dict in it.
        max_size: the longer side of a frame is brought to this many pixels, up or down, as the library does.
        min_score: faces below are dropped before overlapping ones are merged.
        nms_iou: of two boxes that overlap by more than this, the one with the lower score goes.
        batch_size: frames in one pass.

    Raises:
        WeightsError: the weights do not exist, or belong to another network.
    """

    weights_source: ClassVar[Published] = Published(
        name=URL.rpartition("/")[2], cure=f"download {URL}", url=URL, sha256="f168fae3c"
    )

    def __init__(
        self,
        device: str | torch.device = "cpu",
        *,
        weights: PathName,
        max_size: Length = 960,
        min_score: Share = 0.7,
        nms_iou: Share = 0.4,
        batch_size: Count = 8,
    ) -> None:
        self.device = torch.device(device)
        self.dtype = torch.half if self.device.type == "cuda" else torch.float
        network = resnet50_network()
        cure = f"{self.weights_source.cure} and give its path as faces.finder.weights=PATH"
        load_weights(network, Path(weights), name="RetinaFace (ResNet-50)", cure=cure)
        self.network = network.to(self.device, self.dtype).to(memory_format=torch.channels_last).eval()
        self.max_size = max_size
        self.min_score = min_score
        self.nms_iou = nms_iou
        self.batch_size = batch_size

    def find(self, frames: np.ndarray) -> list[Faces]:
        return find_in_batches(
            self._pass,
            frames,
            device=self.device,
            scale=self.max_size / max(frames.shape[1:3]),
            min_score=self.min_score,
            nms_iou=self.nms_iou,
            batch_size=self.batch_size,
        )

    def _pass(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, H, W) float RGB in [0, 255] -> boxes, logits and landmarks, as `find_in_batches` wants them."""
        mean, std = (torch.tensor(v, device=self.device).view(3, 1, 1) * 255 for v in (MEAN, STD))
        return self.network(((images - mean) / std).to(self.dtype))
