"""The picture as a player shows it: each odd file against its upright, square, progressive twin in BT.709.

What an odd file is made with is written out here from the standards, in the other direction than the reader's.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorTrc
from PIL import Image

from deepfake.faces.finders.mtcnn import Mtcnn
from deepfake.faces.tracklet import box_iou
from deepfake.video.door import open_video, probe
from deepfake.video.reader import VideoReader
from tests.fakes import turn
from tests.video.clips import encode, picture

HEIGHT, WIDTH = 96, 160
BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)  # weights of red and of blue in luma
SPACES = {BT601: 6, BT709: 1, BT2020: 9}  # AVColorSpace


def soft(number: int) -> np.ndarray:
    """Return (96, 160, 3) uint8 colours without edges, which subsampled chroma or widening would change."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin((x + 2 * number) / 19), np.cos((y - number) / 15), np.sin((x + y + number) / 23)]
    return np.stack([128 + 90 * wave for wave in waves], axis=-1).astype(np.uint8)


def yuv(rgb: np.ndarray, matrix: tuple[float, float], bits: int, full: bool) -> np.ndarray:
    """R'G'B' in [0, 1] -> (H, W, 3) of whole numbers, by ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance)."""
    red, blue = matrix
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    chroma = [(rgb[..., 2] - luma) / (2 - 2 * blue), (rgb[..., 0] - luma) / (2 - 2 * red)]
    scale, steps = 2 ** (bits - 8), 2**bits - 1
    if full:
        return np.rint(np.stack([luma * steps, *(c * steps + 128 * scale for c in chroma)], axis=-1))
    return np.rint(np.stack([219 * luma + 16, *(224 * c + 128 for c in chroma)], axis=-1) * scale)


def as_yuv(matrix: tuple[float, float], *, full: bool = False, bits: int = 8) -> Callable[[np.ndarray], av.VideoFrame]:
    """Convert R'G'B' in [0, 1] to a frame to encode."""

    def frame(rgb: np.ndarray) -> av.VideoFrame:
        planes = yuv(rgb, matrix, bits, full)
        if bits == 8:
            made = av.VideoFrame.from_ndarray(planes.astype(np.uint8).transpose(2, 0, 1), format="yuv444p")
        else:  # 4:2:0: luma on top, then the two chroma planes, averaged over squares
            height, width = rgb.shape[:2]
            small = planes[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean(axis=(1, 3))
            rows = [planes[..., 0].reshape(-1), *(np.rint(small[..., i]).reshape(-1) for i in (0, 1))]
            made = av.VideoFrame.from_ndarray(
                np.concatenate(rows).astype(np.uint16).reshape(height * 3 // 2, width), format="yuv420p10le"
            )
        made.colorspace, made.color_range = SPACES[matrix], 2 if full else 1
        return made

    return frame


def tagged(
    matrix: tuple[float, float], trc: int = ColorTrc.BT709, primaries: int = ColorPrimaries.BT709, full: bool = False
) -> Callable[[av.VideoStream], None]:
    def prepare(stream: av.VideoStream) -> None:
        context = stream.codec_context
        context.colorspace, context.color_trc, context.color_primaries = SPACES[matrix], int(trc), int(primaries)
        context.color_range = 2 if full else 1

    return prepare


def first_pictures(path: Path, count: int = 3) -> np.ndarray:
    with open_video(path) as video:
        return video.read(range(count))


def apart(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return the mean and 99th percentile of the difference, in grey levels."""
    difference = np.abs(a.astype(int) - b.astype(int))
    return float(difference.mean()), float(np.percentile(difference, 99))


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [BT601, BT709, BT2020], ids=["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("container", ["mkv", "mp4"])
def test_colour_is_what_the_matrix_and_the_range_say(
    container: str, matrix: tuple[float, float], full: bool, tmp_path: Path
) -> None:
    rgb = [soft(i) for i in range(3)]
    codec = "lossless" if container == "mkv" else "good"
    path = encode(
        tmp_path / f"a.{container}",
        codec,
        [frame / 255 for frame in rgb],
        as_frame=as_yuv(matrix, full=full),
        prepare=tagged(matrix, full=full),
    )
    mean, most = apart(first_pictures(path), np.stack(rgb))
    assert mean < 1.2 and most <= 4


def to_linear(rgb: np.ndarray) -> np.ndarray:
    """BT.709's signal -> light of a display with gamma 2.4 (BT.1886), white as 1."""
    return rgb**2.4


BT709_TO_BT2020 = np.array(  # ITU-R BT.2087-0
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)


def as_hlg(rgb: np.ndarray) -> np.ndarray:
    """Convert an ordinary picture to HLG, white at 203 of the display's 1000 cd/m2 (BT.2408, BT.2100 table 5)."""
    display = (to_linear(rgb) @ BT709_TO_BT2020.T).clip(0) * 203 / 1000
    luminance = display @ np.array([0.2627, 0.6780, 0.0593])
    scene = display * (np.maximum(luminance, 1e-9) ** (1 / 1.2 - 1))[..., None]
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


def as_pq(rgb: np.ndarray) -> np.ndarray:
    """Convert an ordinary picture to PQ, white at 203 cd/m2 (BT.2408, BT.2100 table 4)."""
    light = ((to_linear(rgb) @ BT709_TO_BT2020.T).clip(0) * 203 / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * light) / (1 + 2392 / 128 * light)) ** (2523 / 32)


def as_wide(rgb: np.ndarray) -> np.ndarray:
    """Convert an ordinary picture to BT.2020's primaries."""
    return (to_linear(rgb) @ BT709_TO_BT2020.T).clip(0) ** (1 / 2.4)


@pytest.mark.parametrize(
    ("made", "trc", "remark"),
    [
        (as_hlg, ColorTrc.ARIB_STD_B67, "HLG converted to BT.709"),
        (as_pq, ColorTrc.SMPTE2084, "PQ converted to BT.709"),
        (as_wide, ColorTrc.BT2020_10, "BT.2020 converted to BT.709"),
    ],
    ids=["hlg", "pq", "wide"],
)
def test_a_large_range_of_light_comes_back_to_its_ordinary_twin(
    made: Callable[[np.ndarray], np.ndarray], trc: int, remark: str, tmp_path: Path
) -> None:
    rgb = [soft(i) for i in range(3)]
    path = encode(
        tmp_path / "a.mkv",
        "lossless10",
        [made(frame / 255) for frame in rgb],
        as_frame=as_yuv(BT2020, bits=10),
        prepare=tagged(BT2020, trc, ColorPrimaries.BT2020),
    )
    mean, most = apart(first_pictures(path), np.stack(rgb))
    assert mean < 2 and most <= 8
    assert any(remark in each for each in probe(path).remarks)


@pytest.mark.parametrize("aspect", [Fraction(3, 2), Fraction(8, 9), Fraction(1, 2)])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_pixels_become_square(container: str, aspect: Fraction, tmp_path: Path) -> None:
    frames = [soft(i) for i in range(3)]
    width = round(WIDTH / aspect) // 2 * 2
    squeezed = [np.asarray(Image.fromarray(frame).resize((width, HEIGHT))) for frame in frames]

    def prepare(stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = aspect

    path = encode(tmp_path / f"a.{container}", "good", squeezed, prepare=prepare)
    shown = first_pictures(path)
    assert shown.shape[1] == HEIGHT and shown.shape[2] == pytest.approx(WIDTH, abs=2)
    twin = [np.asarray(Image.fromarray(frame).resize((shown.shape[2], HEIGHT))) for frame in frames]
    mean, most = apart(shown, np.stack(twin))
    assert mean < 2 and most <= 8
    assert any("made square" in remark for remark in probe(path).remarks)


def test_a_pixel_aspect_that_cannot_be_is_ignored_and_said(tmp_path: Path) -> None:
    def prepare(stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(1, 50)

    info = probe(encode(tmp_path / "a.mkv", "good", [soft(0)], prepare=prepare))
    assert (info.height, info.width) == (HEIGHT, WIDTH)
    assert any("taken as square" in remark for remark in info.remarks)


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_turned_picture_of_pixels_that_are_not_square(degrees: int, tmp_path: Path) -> None:
    def prepare(stream: av.VideoStream) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)

    path = turn(encode(tmp_path / "a.mp4", "good", [soft(i) for i in range(3)], prepare=prepare), degrees)
    shown = first_pictures(path)
    assert shown.shape[1:3] == (240, HEIGHT)  # widened, then turned
    upright = np.asarray(Image.fromarray(soft(0)).resize((240, HEIGHT)))
    assert apart(shown[0], np.rot90(upright, -degrees // 90))[0] < 2


def interlaced(frames: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Interlace two frames, lower field first: the first in the odd lines, the second in the even ones."""
    for first, second in zip(frames[::2], frames[1::2], strict=True):
        both = first.copy()
        both[::2] = second[::2]
        yield both


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_interlaced_pictures_lose_their_combs(container: str, tmp_path: Path) -> None:
    frames = [picture(i, HEIGHT, WIDTH) for i in range(48)]
    woven = list(interlaced(frames))
    path = encode(tmp_path / f"a.{container}", "interlaced", woven)
    info = probe(path)
    assert info.interlaced and info.num_frames == 24
    assert any("deinterlaced" in remark for remark in info.remarks)
    with open_video(path) as video:
        shown = video.read(range(8, 16))
        alone = [video.read([i])[0] for i in (12, 8, 15)]
    twins = np.stack(frames[16:32:2])
    combed = np.stack(woven[8:16])
    inner = (slice(None), slice(20, None))  # leave out the painted number, which has edges
    assert apart(shown[inner], twins[inner])[0] < 2 and apart(combed[inner], twins[inner])[0] > 6
    for i, one in zip((12, 8, 15), alone, strict=True):  # a frame is the same in whichever run it is read
        assert np.array_equal(one, shown[i - 8])


def test_a_progressive_picture_is_left_alone(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", "good", [soft(i) for i in range(3)])
    assert probe(path).remarks == ()

    def decoded(video: VideoReader) -> np.ndarray:
        return video.read([1])[0]

    with open_video(path) as video, av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        assert np.array_equal(decoded(video), frames[1].to_ndarray(format="rgb24"))


def twin_and_odd(kind: str, frames: Sequence[np.ndarray], folder: Path) -> tuple[Path, Path]:
    """The same clip twice: ordinary, and in one of the odd ways."""
    twin = encode(folder / "twin.mkv", "lossless", frames)
    if kind == "squeezed":
        height, width = frames[0].shape[:2]
        narrow = [np.asarray(Image.fromarray(frame).resize((width * 2 // 3, height))) for frame in frames]

        def prepare(stream: av.VideoStream) -> None:
            stream.codec_context.sample_aspect_ratio = Fraction(3, 2)

        return twin, encode(folder / "odd.mkv", "good", narrow, prepare=prepare)
    if kind == "turned":
        upright = [np.ascontiguousarray(np.rot90(frame)) for frame in frames]
        return twin, turn(encode(folder / "odd.mp4", "good", upright), 90)
    if kind == "interlaced":
        doubled = [frame for frame in frames for _ in (0, 1)]  # film: both fields show the same moment
        return twin, encode(folder / "odd.mkv", "interlaced", list(interlaced(doubled)))
    made, trc = {"hlg": (as_hlg, ColorTrc.ARIB_STD_B67), "pq": (as_pq, ColorTrc.SMPTE2084)}[kind]
    light = [made(frame / 255) for frame in frames]
    prepare_ = tagged(BT2020, trc, ColorPrimaries.BT2020)
    return twin, encode(folder / "odd.mkv", "lossless10", light, as_frame=as_yuv(BT2020, bits=10), prepare=prepare_)


@pytest.mark.parametrize("kind", ["squeezed", "turned", "interlaced", "hlg", "pq"])
def test_faces_of_an_odd_file_are_those_of_its_ordinary_twin(kind: str, demo_root: Path, tmp_path: Path) -> None:
    real = sorted((demo_root / "real").rglob("*.mp4"))[0]
    with open_video(real) as video:
        frames = list(video.read(range(6)))
    twin, odd = twin_and_odd(kind, frames, tmp_path)
    pictures = [first_pictures(path, 4)[2:] for path in (twin, odd)]
    assert pictures[0].shape == pictures[1].shape
    boxes = [Mtcnn(min_face_size=40).find(each)[0].boxes for each in pictures]
    assert len(boxes[0]) == len(boxes[1]) == 1
    assert box_iou(*boxes).item() > 0.95
    x0, y0, x1, y1 = boxes[0][0].astype(int)
    assert apart(pictures[0][0, y0:y1, x0:x1], pictures[1][0, y0:y1, x0:x1])[0] < 4
