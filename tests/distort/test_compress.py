"""JPEG is Pillow's; H.264 is real, repeatable, and what a file of it would show."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from deepfake.distort.compress import h264, jpeg, xvid_and_h264
from deepfake.distort.sweep import FUNCTIONS, STRENGTHS
from tests.distort.conftest import psnr, seeded


@pytest.mark.parametrize("quality", [40, 80])
def test_jpeg_is_what_pillow_makes_of_each_frame(quality: int, scene: Tensor) -> None:
    for frame, out in zip(scene, jpeg(scene, quality), strict=True):
        file = io.BytesIO()
        Image.fromarray(frame.permute(1, 2, 0).numpy().copy()).save(file, "JPEG", quality=quality)
        assert np.array_equal(out.permute(1, 2, 0).numpy(), np.array(Image.open(file)))


def test_full_chroma_is_closer(scene: Tensor) -> None:
    assert psnr(scene, jpeg(scene, 90, "4:4:4")) > psnr(scene, jpeg(scene, 90)) + 1


def test_h264_shows_what_a_file_of_the_same_options_shows(scene: Tensor, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    options = {"crf": "32", "threads": "1", "x264-params": "mbtree=0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = 256, 288, "yuv420p"
        for frame in scene:
            picture = av.VideoFrame.from_ndarray(frame.permute(1, 2, 0).numpy().copy(), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        shown = np.stack([picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)])
    ours = h264(scene, 32).permute(0, 2, 3, 1).numpy()
    assert ours.shape == shown.shape
    assert np.abs(ours.astype(int) - shown).mean() < 0.5  # other instructions round in another way
    assert abs(psnr(scene, h264(scene, 32)) - psnr(scene, torch.from_numpy(shown).permute(0, 3, 1, 2))) < 0.2


def test_h264_gives_the_same_pixels_every_time(scene: Tensor) -> None:
    first = h264(scene, 35)
    assert all(torch.equal(first, h264(scene, 35)) for _ in range(5))


@pytest.mark.parametrize("shape", [(1, 3, 33, 47), (3, 3, 16, 16), (20, 3, 24, 25)])
def test_h264_takes_any_size_and_length(shape: tuple[int, ...]) -> None:
    frames = torch.randint(0, 256, shape, generator=seeded(), dtype=torch.uint8)
    out = h264(frames, 23)
    assert out.shape == frames.shape and out.dtype == torch.uint8


def test_the_sweep_of_gend_gets_worse_with_its_strength(scene: Tensor) -> None:
    assert STRENGTHS["jpeg"] == (100, 80, 60, 40, 20, 10) and STRENGTHS["resize"] == (224, 112, 64)
    assert STRENGTHS["blur"] == ((5, 0.5), (7, 1.0), (11, 1.5), (13, 2.0), (19, 3.0))
    assert (STRENGTHS["noise"][0], STRENGTHS["noise"][-1]) == (0.01, 0.2)
    for kind, strengths in STRENGTHS.items():
        ratios = [psnr(scene, FUNCTIONS[kind](scene, strength, seeded())) for strength in strengths]
        assert ratios == sorted(ratios, reverse=True) and len(set(ratios)) == len(ratios)


def filed(path: Path, codec: str, pictures: list[av.VideoFrame], options: dict, **settings: int) -> list[av.VideoFrame]:
    """Write a video and return what it shows."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = pictures[0].height, pictures[0].width, "yuv420p"
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for picture in pictures:
            picture.pts, picture.pict_type = None, 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.options = options if codec == "mpeg4" else {}
        return list(container.decode(video=0))


@pytest.mark.parametrize("exact", [True, False])
def test_xvid_and_h264_show_what_an_avi_and_an_mp4_of_it_show(exact: bool, scene: Tensor, tmp_path: Path) -> None:
    pictures = [
        av.VideoFrame.from_ndarray(frame.permute(1, 2, 0).numpy().copy(), format="rgb24").reformat(format="yuv420p")
        for frame in scene
    ]
    transforms = {"threads": "1", "flags": "+bitexact", "idct": "simple", "dct": "int"} if exact else {}
    avi = filed(tmp_path / "a.avi", "mpeg4", pictures, transforms, bit_rate=25 * 256 * 288, gop_size=12)
    mp4 = filed(tmp_path / "a.mp4", "libx264", avi, {"crf": "23", "threads": "1", "x264-params": "mbtree=0"})
    shown = torch.from_numpy(np.stack([picture.to_ndarray(format="rgb24") for picture in mp4])).permute(0, 3, 1, 2)
    ours = xvid_and_h264(scene)
    assert ours.shape == scene.shape and torch.equal(ours, xvid_and_h264(scene))
    assert abs(psnr(scene, ours) - psnr(scene, shown)) < 0.1
    if exact:
        assert (ours.double() - shown.double()).abs().mean() < 0.5  # other instructions round in another way
    assert psnr(scene, ours) < psnr(scene, h264(scene, 23)) + 0.1


@pytest.mark.parametrize("shape", [(1, 3, 33, 47), (14, 3, 24, 26)])
def test_xvid_takes_any_size_and_length(shape: tuple[int, ...]) -> None:
    frames = torch.randint(0, 256, shape, generator=seeded(), dtype=torch.uint8)
    assert xvid_and_h264(frames).shape == frames.shape
