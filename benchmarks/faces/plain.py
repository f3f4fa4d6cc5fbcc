"""Runs the plain loop that everyone writes: open a video, read the frames in order, and detect faces in each.

For MTCNN that is facenet-pytorch's `MTCNN.detect` with one image per call. For the RetinaFaces it is the loop of
retinaface-pytorch's `predict_jsons`: one image per call in single precision, with priors that a Python loop rebuilds
each time. The library's class cannot be imported, since it needs albumentations, which is not installed (see
pyproject.toml), so it is written out here with the library's own blocks.

Source: retinaface-pytorch 0.0.8, `predict_single.Model.predict_jsons`.
"""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from retinaface.box_utils import decode, decode_landm
from retinaface.prior_box import priorbox
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.ops import nms

from benchmarks.faces.setting import sampled_segments
from deepfake.faces.finders import Faces, Finder
from deepfake.faces.finders.retinaface import MEAN, STD, RetinaFace
from deepfake.faces.finders.retinaface_batches import MIN_SIZES, STEPS, VARIANCES
from deepfake.faces.finders.retinaface_mobilenet import MEAN_BGR, RetinaFaceMobileNet
from deepfake.faces.recipe import Recipe
from deepfake.video.door import open_video

OneImage = Callable[[np.ndarray], Faces]


def plain_faces(path: Path, detect: OneImage, recipe: Recipe) -> dict[int, Faces]:
    """Find the faces of every frame that the recipe selects, one frame after the other.

    A segment is read at once: for a single frame, our reader would begin at a key frame, which no plain loop does.
    """
    faces: dict[int, Faces] = {}
    with open_video(path) as video:
        for segment in sampled_segments(path, video.info.num_frames, recipe):
            faces |= zip(segment, map(detect, video.read(segment)), strict=True)
    return faces


def one_image(finder: Finder) -> OneImage:
    """Return a function that finds the faces of one frame (H, W, 3) uint8 RGB with the network of a finder."""
    if isinstance(finder, RetinaFace):
        return _Library(finder, _normalised, enlarges=True)
    if isinstance(finder, RetinaFaceMobileNet):
        return _Library(finder, _normalised_bgr, enlarges=False)
    return lambda frame: finder.find(frame[None])[0]


class _Library:
    """Calls the network as the library's `predict_jsons` does, with a copy in single precision."""

    def __init__(
        self, finder: RetinaFace | RetinaFaceMobileNet, normalised: Callable[[Tensor], Tensor], enlarges: bool
    ) -> None:
        network = copy.deepcopy(finder.network)
        self.network = network.float().to(memory_format=torch.contiguous_format)
        self.finder = finder
        self.normalised = normalised
        self.enlarges = enlarges

    @torch.no_grad()
    def __call__(self, frame: np.ndarray) -> Faces:
        device, scale = self.finder.device, self.finder.max_size / max(frame.shape[:2])
        scale = scale if self.enlarges else min(1.0, scale)
        image = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
        size = [round(side * scale) for side in frame.shape[:2]]
        image = self.normalised(interpolate(image, size, mode="bilinear", align_corners=False))
        priors = priorbox([list(sizes) for sizes in MIN_SIZES], list(STEPS), clip=False, image_size=size).to(device)
        regressed, classified, marked = self.network(image.to(device))
        whole = torch.tensor([size[1], size[0]], device=device) / scale
        boxes = decode(regressed[0], priors, VARIANCES) * whole.repeat(2)
        marks = decode_landm(marked[0], priors, VARIANCES) * whole.repeat(5)
        scores = classified.softmax(-1)[0, :, 1]
        valid = torch.where(scores > self.finder.min_score)[0]
        keep = valid[nms(boxes[valid], scores[valid], self.finder.nms_iou)]
        boxes = boxes.clamp(min=0).minimum(whole.repeat(2))
        found = (x[keep].cpu().numpy() for x in (boxes, scores, marks.view(-1, 5, 2)))
        return Faces(*found)


def _normalised(image: Tensor) -> Tensor:
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    return (image / 255 - mean) / std


def _normalised_bgr(image: Tensor) -> Tensor:
    return image.flip(1) - torch.tensor(MEAN_BGR).view(3, 1, 1)
