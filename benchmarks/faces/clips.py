"""Makes the videos of the benchmarks: given or drawn ones, and a long and a large one made from a short one."""

import tempfile
from pathlib import Path

import av
import numpy as np
from omegaconf import DictConfig
from PIL import Image

from deepfake.corpora.input_files import input_files
from deepfake.demo.design import DemoDesign, Take
from deepfake.demo.encode import ClipWriter
from deepfake.demo.shoot import frames
from deepfake.progress import progress
from deepfake.schema import Label, Video
from deepfake.threads import one_thread

FPS = 25
MIN_DRAWN = 120  # height in pixels below which finders do not see a drawn person


def clips(cfg: DictConfig, folder: Path) -> list[Path]:
    """Return the first `cfg.num_videos` files of `cfg.input`, or draw as many in a new folder below `folder`."""
    if cfg.input is not None:
        return [file.path for file in input_files(cfg.input) if not file.problem][: cfg.num_videos]
    target = Path(tempfile.mkdtemp(dir=folder))
    paths = [target / f"{number:03}.mp4" for number in range(cfg.num_videos)]
    for number, path in enumerate(progress(paths, "drawing clips", "videos")):
        draw(path, number, cfg.height, cfg.width, cfg.seconds)
    return paths


def draw(path: Path, number: int, height: int, width: int, seconds: float) -> None:
    """Write a clip of one person in a room.

    It is drawn at half the size and enlarged, which takes a quarter of the time.

    Args:
        path: the mp4 to write.
        number: number of the person.
        height: height in pixels; even.
        width: width in pixels; even, and no less than the height.
        seconds: duration of the clip.
    """
    half = max(MIN_DRAWN, height // 4 * 2)
    drawn = DemoDesign(
        width=half * width // height // 2 * 2, height=half, min_seconds=seconds, max_seconds=seconds, fps=FPS
    )
    person = f"benchmark{number}"
    take = Take(person, (person,), (Video(person, path, Label.REAL),))
    with one_thread(), ClipWriter(path, (height, width), FPS) as writer:
        for (frame,) in frames(drawn, take):
            writer.write(_resized(frame, height, width))


def enlarge(path: Path, target: Path, height: int, num_frames: int) -> None:
    """Write the first frames of a video at another size.

    Args:
        path: the video.
        target: the mp4 to write.
        height: height of its frames; even. The width keeps the shape of the frame.
        num_frames: largest number of frames.
    """
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        width = height * stream.width // stream.height // 2 * 2
        with ClipWriter(target, (height, width), FPS) as writer:
            for frame, _ in zip(source.decode(stream), range(num_frames), strict=False):
                writer.write(_resized(frame.to_ndarray(format="rgb24"), height, width))


def prolong(path: Path, target: Path, minutes: float) -> None:
    """Repeat the packets of a video, each time later; nothing is decoded or encoded.

    Args:
        path: the video.
        target: the mp4 to write.
        minutes: its duration, rounded to a whole number of copies.
    """
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]  # the last one is empty
        starts, durations = ([getattr(p, name) or 0 for p in packets] for name in ("pts", "duration"))
        length = max(map(sum, zip(starts, durations, strict=True))) - min(starts)
        copies = max(1, round(minutes * 60 / float(length * packets[0].time_base)))
        with av.open(str(target), "w", format="mp4") as container:
            written = container.add_stream_from_template(stream)
            for copy in progress(range(copies), "making a long video", "copies"):
                for packet in packets:
                    container.mux(_shifted(packet, copy * length, written))


def _shifted(packet: av.Packet, shift: int, stream: av.VideoStream) -> av.Packet:
    """Copy a packet to a later time; writing a packet changes it, so each copy is a new one."""
    copy = av.Packet(bytes(packet))
    copy.pts, copy.dts, copy.duration = (packet.pts or 0) + shift, (packet.dts or 0) + shift, packet.duration
    copy.time_base, copy.is_keyframe, copy.stream = packet.time_base, packet.is_keyframe, stream
    return copy


def _resized(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize (H, W, 3) uint8 to another size."""
    return np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC))
