"""Real compression: JPEG picture by picture, H.264 over all frames. Frames are (T, 3, H, W) uint8 RGB."""

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal, cast

import av
import numpy as np
import torch
from av.video.frame import PictureType
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
    return _shown(_through_h264(_pictures(frames), crf, preset, fps), frames)


def xvid_and_h264(frames: Tensor, fps: int = 25) -> Tensor:
    """Compress frames as an XVID video, and what it shows as H.264 by FFmpeg's defaults, as DeeperForensics' files are.

    Args:
        frames: (T, 3, H, W) uint8. An odd side is encoded with its last row or column twice.
        fps: frames per second.

    Source: the authors' `--via_xvid`: OpenCV's writer with XVID, which gives each pixel one bit and sets a key frame
    every 12 frames, then `ffmpeg -i a.avi a.mp4`, which is crf 23.

    Differs: FFmpeg's own encoder of MPEG-4 part 2, whose bitstream is that of XVID; OpenCV uses it as well.
    """
    pictures = _pictures(frames)
    height, width = pictures[0].height, pictures[0].width
    encoder = _encoder("mpeg4", pictures, fps)
    encoder.bit_rate, encoder.gop_size = fps * height * width, 12
    # Both transforms are done by code that is the same on every machine.
    exact = {"flags": "+bitexact", "idct": "simple", "dct": "int"}
    encoder.options = {"threads": "1", **exact}
    return _shown(_through_h264(_through(encoder, "mpeg4", pictures, exact), 23, "medium", fps), frames)


def _through_h264(pictures: Sequence[av.VideoFrame], crf: int, preset: str, fps: int) -> list[av.VideoFrame]:
    encoder = _encoder("libx264", pictures, fps)
    encoder.options = {"crf": str(crf), "preset": preset, "threads": "1", "x264-params": _X264}
    return _through(encoder, "h264", pictures, {})


def _pictures(frames: Tensor) -> list[av.VideoFrame]:
    """Convert RGB to 4:2:0, with even sides."""
    height, width = frames.shape[-2:]
    even = nnf.pad(frames.float(), [0, width % 2, 0, height % 2], mode="replicate").to(torch.uint8)
    return [av.VideoFrame.from_ndarray(_pixels(frame), format="rgb24").reformat(format="yuv420p") for frame in even]


def _encoder(codec: str, pictures: Sequence[av.VideoFrame], fps: int) -> av.VideoCodecContext:
    encoder = cast(av.VideoCodecContext, av.CodecContext.create(codec, "w"))
    encoder.height, encoder.width, encoder.pix_fmt = pictures[0].height, pictures[0].width, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    return encoder


def _through(
    encoder: av.VideoCodecContext, codec: str, pictures: Sequence[av.VideoFrame], decoding: Mapping[str, str]
) -> list[av.VideoFrame]:
    """Encode pictures and decode them again.

    Args:
        encoder: ready to use.
        codec: the decoder's name.
        pictures: at least one.
        decoding: the decoder's options.
    """
    decoder = cast(av.VideoCodecContext, av.CodecContext.create(codec, "r"))
    decoder.thread_count, decoder.options = 1, dict(decoding)
    packets = []
    for time, picture in enumerate(pictures):
        picture.pts, picture.time_base, picture.pict_type = time, encoder.time_base, PictureType.NONE
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    return [picture for packet in [*packets, None] for picture in decoder.decode(packet)]


def _shown(pictures: Sequence[av.VideoFrame], frames: Tensor) -> Tensor:
    """Convert pictures to RGB of the size of the frames."""
    height, width = frames.shape[-2:]
    pixels = np.stack([picture.to_ndarray(format="rgb24") for picture in pictures])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)[..., :height, :width].contiguous()


def _pixels(frame: Tensor) -> np.ndarray:
    """(3, H, W) -> (H, W, 3)."""
    return np.ascontiguousarray(frame.permute(1, 2, 0).numpy())
