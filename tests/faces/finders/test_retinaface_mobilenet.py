"""RetinaFace with a MobileNet: structure and batches with random weights, faces with the authors' weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from deepfake.errors import WeightsError
from deepfake.faces.finders.finder import Faces
from deepfake.faces.finders.retinaface_mobilenet import RetinaFaceMobileNet
from deepfake.faces.finders.retinaface_network import mobilenet_network
from deepfake.video.door import read

SHARED = Path(__file__).parents[3] / "../shared"
PUBLISHED = SHARED / "weights/retinaface/mobilenet0.25_Final.pth"
needs_published = pytest.mark.skipif(not PUBLISHED.exists(), reason="the authors' weights are not here")


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return mobilenet_network().state_dict()


@pytest.fixture(scope="module")
def weights(state: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(state, tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    frames = np.random.default_rng(0).integers(0, 255, (3, 96, 128, 3)).astype(np.uint8)
    frames[1] = 0  # a frame unlike the others, so that a mix-up shows
    return frames


def saved(state: dict[str, Tensor], folder: Path) -> Path:
    torch.save(state, folder / "weights.pth")
    return folder / "weights.pth"


def seen(finder: RetinaFaceMobileNet, frames: np.ndarray) -> Tensor:
    """What the network is given."""
    inputs: list[Tensor] = []
    hook = finder.network.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    finder.find(frames)
    hook.remove()
    return torch.cat(inputs)


def agree(ours: Faces, other: Faces) -> None:
    assert ours.boxes == pytest.approx(other.boxes, abs=0.01)
    assert ours.scores == pytest.approx(other.scores, abs=1e-5)
    assert ours.landmarks == pytest.approx(other.landmarks, abs=0.01)


def test_the_network_is_the_published_one(state: dict[str, Tensor]) -> None:
    assert len(state) == 300
    assert sum(p.numel() for p in mobilenet_network().parameters()) == 426608
    assert state["body.stage1.0.0.weight"].shape == (8, 3, 3, 3)
    assert state["body.stage3.1.3.weight"].shape == (256, 256, 1, 1)
    assert state["ClassHead.0.conv1x1.weight"].shape == (4, 64, 1, 1)
    assert state["LandmarkHead.2.conv1x1.weight"].shape == (20, 64, 1, 1)
    assert {m.negative_slope for m in mobilenet_network().modules() if isinstance(m, nn.LeakyReLU)} == {0.1}


def test_weights_as_dataparallel_saves_them_with_the_classifier_are_read(
    state: dict[str, Tensor], tmp_path: Path
) -> None:
    fc = {"body.fc.weight": torch.zeros(1000, 256), "body.fc.bias": torch.zeros(1000)}
    path = saved({f"module.{name}": tensor for name, tensor in (state | fc).items()}, tmp_path)
    loaded = RetinaFaceMobileNet(weights=path).network.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


def test_a_batch_finds_what_single_frames_find(weights: Path, noise: np.ndarray) -> None:
    singles = RetinaFaceMobileNet(weights=weights, min_score=0.5)
    batches = RetinaFaceMobileNet(weights=weights, min_score=0.5, batch_size=2)
    found = batches.find(noise)
    assert sum(map(len, found)) > 10
    for faces, frame in zip(found, noise, strict=True):
        agree(faces, singles.find(frame[None])[0])


def test_the_network_sees_bgr_minus_the_mean(weights: Path, noise: np.ndarray) -> None:
    expected = noise[..., ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    assert torch.equal(seen(RetinaFaceMobileNet(weights=weights), noise), torch.from_numpy(expected).movedim(3, 1))


def test_large_frames_are_shrunk_and_small_ones_are_left_alone(weights: Path, noise: np.ndarray) -> None:
    finder = RetinaFaceMobileNet(weights=weights, max_size=128, min_score=0.5)
    doubled = noise[:1].repeat(2, 1).repeat(2, 2)
    assert torch.equal(seen(finder, doubled), seen(finder, noise[:1]))
    assert seen(finder, noise[:, :48, :64]).shape == (3, 3, 48, 64)
    whole, twice = finder.find(noise[:1])[0], finder.find(doubled)[0]
    agree(twice, Faces(whole.boxes * 2, whole.scores, whole.landmarks * 2))


def test_no_face_is_an_empty_entry(weights: Path, noise: np.ndarray) -> None:
    found = RetinaFaceMobileNet(weights=weights, min_score=0.999).find(noise)
    assert [faces.boxes.shape for faces in found] == [(0, 4)] * 3
    assert [faces.landmarks.shape for faces in found] == [(0, 5, 2)] * 3


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.pth do not exist: get mobilenet0\.25_Final\.pth"):
        RetinaFaceMobileNet(weights=tmp_path / "none.pth")


@pytest.mark.parametrize("change", ["none of it", "one missing", "one more", "another shape", "no dict"])
def test_other_weights_are_refused(change: str, state: dict[str, Tensor], tmp_path: Path) -> None:
    name = "fpn.merge1.0.weight"
    other = {
        "none of it": {"a": torch.zeros(1)},
        "one missing": {key: tensor for key, tensor in state.items() if key != name},
        "one more": state | {"body.fc2.weight": torch.zeros(1)},
        "another shape": state | {name: torch.zeros(1)},
        "no dict": torch.zeros(1),
    }[change]
    torch.save(other, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"other\.pth does not hold the weights of RetinaFace \(MobileNet-0\.25\)"):
        RetinaFaceMobileNet(weights=tmp_path / "other.pth")


def test_a_file_that_is_no_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.pth").write_text("<html>not found</html>")
    with pytest.raises(WeightsError, match="page.pth does not hold the weights"):
        RetinaFaceMobileNet(weights=tmp_path / "page.pth")


@needs_published
@pytest.mark.parametrize(
    ("video", "frame"), [("eight_people", 0), ("eight_people", 52), ("three_people", 0), ("three_people", 137)]
)
def test_the_authors_weights_find_the_faces_that_the_authors_code_finds(video: str, frame: int) -> None:
    expected = json.loads((PUBLISHED.parent / "expected.json").read_text())["faces"][f"{video}.mp4 frame {frame}"]
    frames = read(SHARED / f"videos/{video}.mp4", [frame])
    faces = RetinaFaceMobileNet(weights=PUBLISHED, max_size=max(frames.shape)).find(frames)[0]
    assert faces.boxes == pytest.approx(np.array([face["box"] for face in expected]), abs=0.1)
    assert faces.scores == pytest.approx(np.array([face["score"] for face in expected]), abs=1e-3)
    assert faces.landmarks.reshape(-1, 10) == pytest.approx(np.array([f["landmarks"] for f in expected]), abs=0.1)
