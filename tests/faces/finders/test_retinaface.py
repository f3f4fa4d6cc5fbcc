"""RetinaFace in batches, against the library's own blocks one image at a time. Random weights suffice for that."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from retinaface.box_utils import decode, decode_landm
from retinaface.prior_box import priorbox
from torchvision.ops import nms

from deepfake.errors import WeightsError
from deepfake.faces.finders.retinaface import RetinaFace
from deepfake.faces.finders.retinaface_batches import MIN_SIZES, STEPS, prior_boxes
from deepfake.faces.finders.retinaface_network import resnet50_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(resnet50_network().state_dict(), path)
    return path


@pytest.mark.parametrize("size", [(64, 96), (75, 101)])
def test_priors_equal_the_librarys_loop(size: tuple[int, int]) -> None:
    expected = priorbox([list(sizes) for sizes in MIN_SIZES], list(STEPS), clip=False, image_size=size)
    assert torch.allclose(prior_boxes(*size), expected, atol=1e-6)


def reference(network: torch.nn.Module, frame: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """`retinaface.predict_single.Model.predict_jsons` for a frame that needs no resize, without albumentations."""
    height, width = frame.shape[:2]
    image = (torch.from_numpy(frame).float() / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
        [0.229, 0.224, 0.225]
    )
    with torch.no_grad():
        loc, conf, land = network(image.permute(2, 0, 1)[None])
    priors = priorbox([list(sizes) for sizes in MIN_SIZES], list(STEPS), clip=False, image_size=(height, width))
    boxes = decode(loc[0], priors, [0.1, 0.2]) * torch.tensor([width, height] * 2)
    marks = decode_landm(land[0], priors, [0.1, 0.2]) * torch.tensor([width, height] * 5)
    scores = conf.softmax(-1)[0, :, 1]
    valid = torch.where(scores > threshold)[0]
    keep = valid[nms(boxes[valid], scores[valid], 0.4)]
    return boxes[keep].numpy(), marks[keep].numpy().reshape(-1, 5, 2)


def test_a_batch_finds_what_the_library_finds_in_single_images(weights: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 96, 128, 3)).astype(np.uint8)
    frames[1] = 0  # a frame unlike the others, so that a mix-up shows
    finder = RetinaFace(weights=weights, max_size=128, min_score=0.5, batch_size=2)
    found = finder.find(frames)
    assert sum(map(len, found)) > 10
    for faces, frame in zip(found, frames, strict=True):
        boxes, landmarks = reference(finder.network, frame, 0.5)
        assert faces.boxes == pytest.approx(boxes.clip(0, [128, 96, 128, 96]), abs=0.05)
        assert faces.landmarks == pytest.approx(landmarks, abs=0.05)


def test_boxes_come_back_in_the_pixels_of_the_frame(weights: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (1, 96, 128, 3)).astype(np.uint8)
    whole = RetinaFace(weights=weights, max_size=128, min_score=0.5).find(frames)[0]
    doubled = RetinaFace(weights=weights, max_size=128, min_score=0.5).find(frames.repeat(2, 1).repeat(2, 2))[0]
    assert doubled.boxes.max() > 1.5 * whole.boxes.max()


def test_the_published_zip_around_the_weights_is_read(weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "published.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(weights, "retinaface.pth")
    RetinaFace(weights=path)


def test_missing_weights_say_what_to_download(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.pth do not exist: download https.*faces\.finder\.weights=PATH"):
        RetinaFace(weights=tmp_path / "none.pth")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="does not hold the weights of RetinaFace"):
        RetinaFace(weights=tmp_path / "other.pth")
