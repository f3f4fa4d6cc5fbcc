"""Real compression: JPEG picture by picture, H.264 over all frames. Frames are (T, 3, H, W) uint8 RGB."""

import io
from fractions import Fraction
from typing import Literal

import av
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as nnf

# Equal frames must give equal bytes on every machine and in every run: one thread, no macroblock tree (its vectorised
# code reads uninitialised memory) and one set of instructions.
_X264 = "mbtree=0:asm=SSE2Fast:log-level=none"


def jpeg(frames: Tensor, quality: int, subsampling: Literal["4:4:4", "4:2:2", "4:2:0"] = "4:2:0") -> Tensor:
    """Compress each frame as JPEG, 1 to 100, and decode it.

    With Pillow, since torchvision 0.29 drops its codecs.
    """
    return torch.stack([_jpeg(frame, quality, subsampling) for frame in frames])


def _jpeg(frame: Tensor, quality: int, subsampling: str) -> Tensor:
    buffer = io.BytesIO()
    Image.fromarray(_pixels(frame)).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1)


def h264(frames: Tensor, crf: int, preset: str = "medium", fps: int = 25) -> Tensor:
    """Compress frames as one H.264 video, 4:2:0, and decode it.

    Args:
        frames: (T, 3, H, W) uint8. An odd side is encoded with its last row or column twice.
        crf: constant rate factor, 0 to 51; higher is coarser.
        preset: x264's trade of time against size.
        fps: frames per second, by which x264 weighs time.

    Source: DeeperForensics-1.0, VC, with crf 30 to 40.
    """
    height, width = frames.shape[-2:]
    even = nnf.pad(frames.float(), [0, width % 2, 0, height % 2], mode="replicate").to(torch.uint8)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width, encoder.pix_fmt = *even.shape[-2:], "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.options = {"crf": str(crf), "preset": preset, "threads": "1", "x264-params": _X264}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = []
    for time, frame in enumerate(even):
        picture = av.VideoFrame.from_ndarray(_pixels(frame), format="rgb24").reformat(format="yuv420p")
        picture.pts = time
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    decoded = [picture for packet in [*packets, None] for picture in decoder.decode(packet)]
    pixels = np.stack([picture.to_ndarray(format="rgb24") for picture in decoded])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)[..., :height, :width].contiguous()


def _pixels(frame: Tensor) -> np.ndarray:
    """(3, H, W) -> (H, W, 3)."""
    return np.ascontiguousarray(frame.permute(1, 2, 0).numpy())
