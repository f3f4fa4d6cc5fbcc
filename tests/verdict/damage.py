"""One person in a tiny clip and picture of every kind, and copies that are damaged in every way, the same each time."""

import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from deepfake.video.door import read
from tests.fakes import write_video
from tests.verdict.scenes import Part, shoot

CODECS = {"mp4": "libx264", "mkv": "libx264", "avi": "mpeg4", "webm": "libvpx-vp9"}
PICTURES = ("jpg", "png", "webp")
KINDS = ("bits", "bytes", "cut", "zeros")
LENGTH = 24
_GROUP = {"g": "8"}  # frames from one key frame to the next, so that damage does not reach everything behind it


def whole_files(folder: Path) -> dict[str, Path]:
    """Write a clip of 160x120 in every container, and its first frame as every kind of image: suffix -> file."""
    folder.mkdir(parents=True, exist_ok=True)
    large = shoot(folder / "large.mp4", [Part(0, lambda t: 0.5)], None, length=LENGTH)
    frames = read(large, range(LENGTH))[:, 30:150, 40:200]
    large.unlink()
    made = {}
    for suffix, codec in CODECS.items():
        quality = {"crf": "20"} if codec == "libx264" else {"b": "400k"}
        made[suffix] = write_video(folder / f"whole.{suffix}", frames, codec=codec, options={**quality, **_GROUP})
    for suffix in PICTURES:
        made[suffix] = folder / f"whole.{suffix}"
        Image.fromarray(frames[0]).save(made[suffix])
    return made


def damaged(whole: dict[str, Path], num_files: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of damaged files; every container meets every kind of damage."""
    dice = random.Random(0)
    kinds = [(suffix, kind) for kind in KINDS for suffix in whole]
    for i in range(num_files):
        suffix, kind = kinds[i % len(kinds)]
        yield f"{i:03}-{kind}.{suffix}", _harmed(bytearray(whole[suffix].read_bytes()), kind, dice)


def _harmed(content: bytearray, kind: str, dice: random.Random) -> bytes:
    if kind == "cut":
        return bytes(content[: dice.randrange(1, len(content))])
    if kind == "zeros":
        start = dice.randrange(len(content))
        length = min(dice.choice((16, 256, 2048)), len(content) - start)
        content[start : start + length] = bytes(length)
    for _ in range(dice.choice((1, 20, 200)) if kind in ("bits", "bytes") else 0):
        at = dice.randrange(len(content))
        content[at] ^= 1 << dice.randrange(8) if kind == "bits" else dice.randrange(1, 256)
    return bytes(content)
