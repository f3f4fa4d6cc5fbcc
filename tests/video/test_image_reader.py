"""Images as videos of one frame, against Pillow and NumPy."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfake.errors import UnreadableVideoError
from deepfake.video.door import open_video, probe, read

PIXELS = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
TURNED = 6  # Exif's orientation of a photograph that is shown turned by 90 degrees clockwise


@pytest.mark.parametrize("name", ["a.png", "a.WEBP"])
def test_lossless_images_come_back(tmp_path: Path, name: str) -> None:
    Image.fromarray(PIXELS).save(tmp_path / name, lossless=True)
    info = probe(tmp_path / name)
    assert (info.num_frames, info.width, info.height, info.remarks) == (1, 32, 24, ())
    np.testing.assert_array_equal(read(tmp_path / name, [0, 0]), np.stack([PIXELS, PIXELS]))


def test_a_photograph_is_upright_and_what_is_transparent_black(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", quality=95, subsampling=0, exif=exif)
    plain = np.asarray(Image.open(tmp_path / "a.jpg"))
    np.testing.assert_array_equal(read(tmp_path / "a.jpg", [0])[0], np.rot90(plain, -1))
    seen = np.dstack([PIXELS, np.where(np.arange(32) < 16, 255, 0).astype(np.uint8) + np.zeros((24, 1), np.uint8)])
    Image.fromarray(seen).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png", [0])[0], PIXELS * (seen[..., 3:] // 255))
    assert probe(tmp_path / "a.png").remarks == ("what is transparent is shown on black",)


@pytest.mark.parametrize(
    "content", [b"text", b"\xff\xd8\xff\xe0", b"GIF89a" + bytes(50), "cut"], ids=["text", "head", "gif", "cut"]
)
def test_what_is_no_whole_image_is_unreadable(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "a.jpg"
    if isinstance(content, str):
        Image.fromarray(PIXELS).save(path)
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    with pytest.raises(UnreadableVideoError, match="it is no whole image"):
        open_video(path)


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableVideoError, match="more than 100 pixels"):
        open_video(tmp_path / "a.png")
