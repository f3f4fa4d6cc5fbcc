"""RetinaFace with a ResNet-50, in batches: the network is retinaface-pytorch's, all around it is ours.

The library's own `predict_jsons` takes one image a call and builds its priors in a Python loop (49 ms a frame at 960
px). Here the frames of a video are one batch, and the priors of a frame size are computed once.

Source: Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild"; retinaface-pytorch 0.0.8,
`predict_single.Model`, whose resize, normalisation, priors and thresholds are kept.
"""

import io
import warnings
import zipfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from retinaface.box_utils import decode, decode_landm
from retinaface.network import RetinaFace as Network
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.ops import batched_nms

from deepfake.errors import WeightsError
from deepfake.faces.detector import FaceDetector, Faces

URL = (
    "https://github.com/ternaus/retinaface/releases/download/0.01/"  # `retinaface.pre_trained_models.models`
    "retinaface_resnet50_2020-07-20-f168fae3c.zip"
)
VARIANCES = (0.1, 0.2)
STEPS = (8, 16, 32)
MIN_SIZES = ((16, 32), (64, 128), (256, 512))
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class RetinaFace(FaceDetector):
    """RetinaFace (ResNet-50) over batches of frames.

    Args:
        device: where it runs; half precision on a GPU.
        weights: the file at `URL`, as downloaded; None downloads it once into torch's hub cache.
        max_size: the longer side of a frame is brought to this many pixels, up or down, as the library does.
        min_score: faces below are dropped before overlapping ones are merged.
        nms_iou: of two boxes that overlap by more than this, the one with the lower score goes.
        batch_size: frames in one pass.

    Raises:
        WeightsError: the weights cannot be downloaded, do not exist, or belong to another network.
    """

    def __init__(
        self,
        device: str | torch.device = "cpu",
        *,
        weights: str | Path | None = None,
        max_size: int = 960,
        min_score: float = 0.7,
        nms_iou: float = 0.4,
        batch_size: int = 8,
    ) -> None:
        self.device = torch.device(device)
        self.dtype = torch.half if self.device.type == "cuda" else torch.float
        network = _network()
        _load(network, _downloaded() if weights is None else Path(weights))
        self.network = network.to(self.device, self.dtype).to(memory_format=torch.channels_last).eval()
        self.max_size = max_size
        self.min_score = min_score
        self.nms_iou = nms_iou
        self.batch_size = batch_size

    @torch.inference_mode()
    def detect(self, frames: np.ndarray) -> list[Faces]:
        scale = self.max_size / max(frames.shape[1:3])
        found: list[Faces] = []
        for batch in torch.from_numpy(frames).split(self.batch_size):
            images = batch.to(self.device).permute(0, 3, 1, 2).float()
            if scale != 1:
                size = [round(side * scale) for side in images.shape[2:]]
                images = interpolate(images, size, mode="bilinear", align_corners=False)
            found += self._detect(images, scale)
        return found

    def _detect(self, images: Tensor, scale: float) -> list[Faces]:
        """(B, 3, H, W) float in [0, 255] -> B entries in pixels of the frame before `scale`."""
        height, width = images.shape[2:]
        mean, std = (torch.tensor(v, device=self.device).view(3, 1, 1) * 255 for v in (MEAN, STD))
        regressed, classified, marked = self.network(((images - mean) / std).to(self.dtype))
        scores = classified.float().softmax(-1)[..., 1]
        frame, prior = torch.where(scores > self.min_score)
        priors = prior_boxes(height, width).to(self.device)[prior]
        whole = torch.tensor([width, height], device=self.device, dtype=torch.float) / scale
        boxes = decode(regressed.float()[frame, prior], priors, list(VARIANCES)) * whole.repeat(2)
        marks = decode_landm(marked.float()[frame, prior], priors, VARIANCES).view(-1, 5, 2) * whole
        kept = scores[frame, prior]
        keep = batched_nms(boxes, kept, frame, self.nms_iou)
        keep = keep[frame[keep].argsort(stable=True)]  # by frame; within one, by falling score
        ends = frame[keep].bincount(minlength=len(images)).cumsum(0).tolist()
        columns = [x[keep].cpu().numpy() for x in (boxes, kept, marks)]
        return [Faces(*(c[start:end] for c in columns)) for start, end in pairwise([0, *ends])]


@cache
def prior_boxes(height: int, width: int) -> Tensor:
    """Anchor boxes of all three levels, row by row, two at each place.

    Returns:
        (P, 4) centre x, centre y, width, height, as fractions of the image.

    Source: `retinaface.prior_box.priorbox`, whose values it equals.
    """
    levels = []
    for step, sizes in zip(STEPS, MIN_SIZES, strict=True):
        rows, columns = -(-height // step), -(-width // step)
        y = (torch.arange(rows) + 0.5) * step / height
        x = (torch.arange(columns) + 0.5) * step / width
        side = torch.tensor(sizes, dtype=torch.float)
        grid = torch.meshgrid(y, x, side, indexing="ij")
        levels.append(torch.stack([grid[1], grid[0], grid[2] / width, grid[2] / height], dim=-1).view(-1, 4))
    return torch.cat(levels)


def _network() -> Network:
    with warnings.catch_warnings():
        # The library calls torchvision's resnet50(pretrained=...), a name that is deprecated and still works.
        warnings.filterwarnings("ignore", "The parameter 'pretrained'|Arguments other than a weight enum", UserWarning)
        return Network(
            name="Resnet50",
            pretrained=False,
            return_layers={"layer2": 1, "layer3": 2, "layer4": 3},
            in_channels=256,
            out_channels=256,
        )


def _downloaded() -> Path:
    """The published weights in torch's hub cache, fetched at first use."""
    target = Path(torch.hub.get_dir()) / "checkpoints" / Path(URL).name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(URL, str(target), hash_prefix="f168fae3c")
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"RetinaFace needs its weights and they cannot be downloaded ({error}): download {URL} and put it at "
                f"{target}, or give its path as faces.detector.weights=PATH, or use faces=mtcnn, which brings its own"
            ) from error
    return target


def _unwrapped(path: Path) -> Path | io.BytesIO:
    """The published file is a zip around one .pth; a .pth is itself a zip, of many files."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if len(archive.namelist()) == 1:
                return io.BytesIO(archive.read(archive.namelist()[0]))
    return path


def _load(network: Network, path: Path) -> None:
    if not path.is_file():
        raise WeightsError(
            f"RetinaFace weights {path} do not exist: download {URL} and give its path as faces.detector.weights=PATH"
        )
    try:
        network.load_state_dict(torch.load(_unwrapped(path), map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises half a dozen kinds for a file that is not a state dict
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path} does not hold the weights of RetinaFace (ResNet-50): {reason}") from error
