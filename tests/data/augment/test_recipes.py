"""What every augmentation of conf/augment promises, and what each recipe does."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image
from torch import Tensor

from deepfake.data.augment import (
    Augmentation,
    DegradeAugmentation,
    DfdcAugmentation,
    GendAugmentation,
    HeavyAugmentation,
    Sample,
)
from deepfake.data.augment.degrade import DEGRADATIONS
from deepfake.data.augment.dfdc import half_mask, part_mask
from deepfake.data.augment.dice import Dice
from deepfake.data.augment.face_shape import FIVE, HULL, eye_distance, place
from deepfake.data.augment.gend import moved

CONF = Path(__file__).parents[3] / "conf" / "augment"
NAMES = sorted(path.stem for path in CONF.glob("*.yaml"))
SIZE = 64
FACE = torch.from_numpy(FIVE * 22 + (32, 24)).float()  # eyes 22 pixels apart


def built(name: str) -> Augmentation:
    augment = instantiate(OmegaConf.load(CONF / f"{name}.yaml"))
    assert isinstance(augment, Augmentation)
    return augment


def sample(augment: Augmentation, seed: int, length: int, blend: bool = False) -> Sample:
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand(augment.num_draws, generator=generator)
    return Sample(draw, generator, FACE.expand(length, -1, -1) if augment.needs_landmarks else None, blend)


def scene(length: int = 3, size: int = SIZE) -> Tensor:
    """Return smooth coloured frames that differ."""
    y, x = torch.arange(size)[:, None].float(), torch.arange(size).float()
    waves = [[128 + 60 * torch.sin((x + t) / w) * torch.cos(y / 9) for w in (7, 3, 5)] for t in range(length)]
    return torch.stack([torch.stack(frame) for frame in waves]).to(torch.uint8)


def still(length: int = 3) -> Tensor:
    return scene(1).expand(length, -1, -1, -1).contiguous()


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_a_clip_whatever_came_before(name: str) -> None:
    augment = built(name)
    first = [augment.in_worker(scene(), sample(augment, seed, 3)) for seed in range(8)]
    for clip in first:
        assert clip.shape == (3, 3, SIZE, SIZE) and clip.dtype == torch.uint8
    for seed in reversed(range(8)):
        assert torch.equal(first[seed], augment.in_worker(scene(), sample(augment, seed, 3)))
    if name != "none":
        on_device = [augment.on_device(clip[None], sample(augment, i, 3).draw[None]) for i, clip in enumerate(first)]
        assert len({clip.sum().item() for clip in on_device}) > 4


@pytest.mark.parametrize("name", NAMES)
def test_the_clip_that_comes_in_is_left_alone(name: str) -> None:
    augment, clip = built(name), scene()
    for seed in range(4):
        augment.in_worker(clip, sample(augment, seed, 3))
    assert torch.equal(clip, scene())


@pytest.mark.parametrize("name", ["gend", "dfdc"])
def test_frames_that_are_equal_stay_equal_without_noise(name: str) -> None:
    augment = DfdcAugmentation(noise=0) if name == "dfdc" else GendAugmentation()
    for seed in range(8):
        out = augment.in_worker(still(), sample(augment, seed, 3))
        assert (out == out[0]).all()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_distortions_are_plain_words(name: str) -> None:
    distortions = built(name).distortions
    assert len(set(distortions)) == len(distortions) and all(word.islower() or word == "h264" for word in distortions)
    assert (name == "none") == (not distortions)


def test_a_joint_training_is_half_clean() -> None:
    augment = HeavyAugmentation(clean=0.5, flip=0, each=1)
    clip = scene(1)
    same = sum(torch.equal(augment.in_worker(clip, sample(augment, seed, 1)), clip) for seed in range(200))
    assert 80 < same < 120
    always = HeavyAugmentation(clean=1.0, flip=0)
    assert torch.equal(always.in_worker(clip, sample(always, 0, 1)), clip)


def quality_of(clip: Tensor) -> int:
    """Find the JPEG quality at which a frame hardly changes when it is compressed once more."""
    pixels = clip[0].permute(1, 2, 0).numpy().copy()

    def change(quality: int) -> float:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return float(np.abs(np.array(Image.open(file)).astype(int) - pixels).mean())

    return min(range(30, 101), key=change)


def test_gend_ends_with_jpeg_always_from_40() -> None:
    augment = GendAugmentation(min_quality=40)
    calls: list[int] = []
    for seed in range(6):
        plain = GendAugmentation(min_quality=100)
        out, fine = (a.in_worker(scene(1), sample(a, seed, 1)) for a in (augment, plain))
        calls.append(int(not torch.equal(out, fine)))
    assert sum(calls) >= 5
    only_jpeg = HeavyAugmentation(flip=0, each=1, colour=0, noise=0, min_quality=50, max_quality=50)
    assert quality_of(only_jpeg.in_worker(scene(1), sample(only_jpeg, 0, 1))) == pytest.approx(50, abs=2)


def test_a_move_stays_within_its_limits() -> None:
    dot = torch.zeros(1, 3, 101, 101, dtype=torch.uint8)
    dot[..., 49:52, 49:52] = 255
    centres = []
    for seed in range(100):
        out = moved(dot, Dice(torch.Generator().manual_seed(seed)), 10, 0.1, 0.1)[0, 0].double()
        y, x = torch.meshgrid(torch.arange(101.0), torch.arange(101.0), indexing="ij")
        centres.append(((out * x).sum() / out.sum() - 50, (out * y).sum() / out.sum() - 50))
    reach = np.abs(np.array(centres))
    assert reach.max() <= 10.6 and reach.max() > 8


def test_the_template_is_symmetric_and_fits_where_the_landmarks_are() -> None:
    assert len(HULL) == 27
    assert {(-x, y) for x, y in HULL.tolist()} == {*map(tuple, (HULL + 0.0).tolist())}
    turned = FACE.numpy() @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    assert np.allclose(place(FIVE, turned), turned, atol=1e-4) and eye_distance(turned) == pytest.approx(22, abs=1e-3)


@pytest.mark.parametrize("part", ["eyes", "nose", "mouth"])
def test_a_part_is_where_its_landmarks_are_and_nothing_else(part: str) -> None:
    mask = part_mask(part, FACE.numpy(), SIZE)
    inside = {"eyes": (0, 1), "nose": (2,), "mouth": (3, 4)}[part]
    assert [bool(mask[round(float(y)), round(float(x))]) for x, y in FACE] == [i in inside for i in range(5)]


@pytest.mark.parametrize(("half", "covered"), [("left", (0, 3)), ("right", (1, 4)), ("upper", (0, 1))])
def test_half_a_face_is_on_its_side(half: str, covered: tuple[int, ...]) -> None:
    mask = half_mask(half, FACE.numpy(), SIZE)
    assert all(mask[round(float(y)), round(float(x))] == (i in covered) for i, (x, y) in enumerate(FACE) if i != 2)
    whole = half_mask("upper", FACE.numpy(), SIZE) | half_mask("lower", FACE.numpy(), SIZE)
    assert 0.3 * whole.sum() < mask.sum() < 0.7 * whole.sum()


def test_dfdc_cuts_out_as_often_as_the_winner() -> None:
    augment = DfdcAugmentation(jpeg=0, noise=0, blur=0, flip=0, move=0)
    clip = scene(2) + 1
    masks = [(augment.in_worker(clip, sample(augment, seed, 2)) == 0).all(1) for seed in range(300)]
    parts = {part: torch.from_numpy(part_mask(part, FACE.numpy(), SIZE)) for part in ("eyes", "nose", "mouth")}
    found = Counter(next((n for n, m in parts.items() if torch.equal(mask[0], m)), "other") for mask in masks)
    assert 180 < found["eyes"] + found["nose"] + found["mouth"] < 240  # 0.7 of 300
    assert min(found[part] for part in parts) > 40
    untouched = sum(not mask.any() for mask in masks)
    assert 45 < untouched < 90  # 0.3 * 0.8 * 0.9 of 300


def test_degrade_uses_all_and_h264_binds_the_frames_of_a_window() -> None:
    assert {*DegradeAugmentation.distortions} == {*DEGRADATIONS, "h264"}
    for name, degrade in DEGRADATIONS.items():
        out = degrade(scene(2), Dice(torch.Generator().manual_seed(1)))
        assert out.shape == (2, 3, SIZE, SIZE) and not torch.equal(out, scene(2)), name
    augment = DegradeAugmentation(clean=0, most=0, h264=1, min_crf=40, max_crf=40, flip=0)
    window = augment.in_worker(scene(8), sample(augment, 0, 8))
    alone = augment.in_worker(scene(8)[7:], sample(augment, 0, 1))
    assert not torch.equal(window[7:], alone)
